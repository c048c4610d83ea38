import type { ComponentChildren } from "preact";

interface Props {
  title: string;
  /** It is all that is on the page. */
  alone?: boolean;
  children?: ComponentChildren;
  /** A line or two of code that would change that there is nothing. */
  code?: string;
}

/** What stands where there is nothing: why, and what to do about it. */
export function Empty({ title, alone = false, children, code }: Props) {
  return (
    <div class="empty">
      {alone ? <h1>{title}</h1> : <b>{title}</b>}
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
