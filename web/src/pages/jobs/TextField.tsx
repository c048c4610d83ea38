import { useEffect, useRef, useState } from "preact/hooks";

interface Props {
  label: string;
  value: string | null;
  onChange: (value: string | null) => void;
}

const PAUSE = 400;

/** A text that filters a moment after one has stopped writing. */
export function TextField({ label, value, onChange }: Props) {
  const [text, setText] = useState(value ?? "");
  // By the time that it is called others may have changed: it is not to undo that.
  const change = useRef(onChange);
  change.current = onChange;
  useEffect(() => setText(value ?? ""), [value]);
  useEffect(() => {
    const wanted = text.trim() || null;
    if (wanted === value) return undefined;
    const timer = window.setTimeout(() => change.current(wanted), PAUSE);
    return () => window.clearTimeout(timer);
  }, [text]);
  return (
    <span class="field text" data-on={value !== null}>
      <input
        type="text"
        aria-label={label}
        placeholder={label}
        value={text}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </span>
  );
}
