import { useMemo } from "preact/hooks";
import { type Frame, parts } from "../core/traceback";
import { visible } from "../core/visible";

/** A traceback to read: one's own frames stand out from those of libraries. */
export function Traceback({ text }: { text: string }) {
  const found = useMemo(() => parts(text), [text]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by key
    <section class="traceback" aria-label="Traceback" tabIndex={0}>
      {found.map((part, index) =>
        part.kind === "frame" ? (
          <FrameLines key={index} frame={part} />
        ) : (
          <div key={index} class="traceback-text">
            {visible(part.text)}
          </div>
        ),
      )}
    </section>
  );
}

function FrameLines({ frame }: { frame: Frame }) {
  const slash = Math.max(frame.file.lastIndexOf("/"), frame.file.lastIndexOf("\\")) + 1;
  return (
    <div class="frame" data-own={frame.own}>
      <div class="frame-place">
        <b>{frame.name || "module"}</b>
        <span title={frame.file}>
          <span class="faint">{frame.file.slice(0, slash)}</span>
          {frame.file.slice(slash)}:{frame.line}
        </span>
      </div>
      {frame.code !== "" && <pre>{frame.code}</pre>}
    </div>
  );
}
