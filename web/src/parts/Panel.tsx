import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Props {
  title: string;
  note?: ComponentChildren;
  tools?: ComponentChildren;
  /** Without a margin around what is in it. */
  flush?: boolean;
  children: ComponentChildren;
}

/** A part of a page with a heading of its own. */
export function Panel({ title, note, tools, flush = false, children }: Props) {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {note && <span class="soft">{note}</span>}
        {tools && <div class="tools">{tools}</div>}
      </div>
      <div class="panel-body" data-flush={flush}>
        {children}
      </div>
    </section>
  );
}
