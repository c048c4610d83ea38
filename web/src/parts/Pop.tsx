// A button with something below it that opens, and closes by Esc or by looking elsewhere.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./Icon";

interface Props {
  text: string;
  /** What it is about, where the text is only its value. */
  label?: string;
  icon?: IconName;
  on?: boolean;
  side?: "left" | "right";
  onOpen?: () => void;
  children: (close: () => void) => ComponentChildren;
}

export function Pop({ text, label, icon, on = false, side = "left", onOpen, children }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return undefined;
    const away = (event: Event): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    root.current?.querySelector<HTMLElement>(".pop-body :is(input, button)")?.focus();
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [open]);

  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    close();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears the Esc of what is in it
    <div class="pop" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        class="button"
        data-on={on}
        aria-expanded={open}
        aria-label={label === undefined ? undefined : `${label}: ${text}`}
        ref={button}
        onClick={() => {
          if (!open) onOpen?.();
          setOpen(!open);
        }}
      >
        {icon && <Icon name={icon} size={14} />}
        <span class="pop-text">{text}</span>
        <Icon name="down" size={12} />
      </button>
      {open && (
        <div class="pop-body" data-side={side}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
