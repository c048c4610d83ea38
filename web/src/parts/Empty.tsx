import type { ComponentChildren } from "preact";

interface Props {
  title: string;
  children?: ComponentChildren;
  /** A line or two of code that would change that there is nothing. */
  code?: string;
}

/** What stands where there is nothing: why, and what to do about it. */
export function Empty({ title, children, code }: Props) {
  return (
    <div class="empty">
      <b>{title}</b>
      {children && <p>{children}</p>}
      {code && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by key
        <pre tabIndex={0}>
          <code>{code}</code>
        </pre>
      )}
    </div>
  );
}
