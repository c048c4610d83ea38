import { useState } from "preact/hooks";
import { copy } from "./clipboard";
import { Icon } from "./Icon";

interface Props {
  text: string;
  label: string;
}

/** A button that copies a text, and says for a moment that it did. */
export function Copy({ text, label }: Props) {
  const [done, setDone] = useState(false);
  const onClick = async (event: Event): Promise<void> => {
    event.stopPropagation();
    if (!(await copy(text))) return;
    setDone(true);
    window.setTimeout(() => setDone(false), 1_500);
  };
  return (
    <button
      type="button"
      class="button"
      data-kind="quiet"
      data-icon="true"
      aria-label={done ? "Copied" : label}
      title={label}
      onClick={onClick}
    >
      <Icon name={done ? "check" : "copy"} size={14} />
    </button>
  );
}
