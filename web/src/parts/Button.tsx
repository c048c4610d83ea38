import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "./Icon";

interface Props {
  onClick: () => void;
  icon?: IconName;
  /** What it does, where there is only an icon. */
  label?: string;
  hotkey?: string;
  kind?: "main" | "danger" | "quiet" | undefined;
  on?: boolean;
  disabled?: boolean;
  /** It has the focus as soon as it can be used. */
  focused?: boolean;
  children?: ComponentChildren;
}

export function Button(props: Props) {
  const { onClick, icon, label, hotkey, kind, on, disabled, focused = false, children } = props;
  const title = [label, hotkey && `key ${hotkey}`].filter(Boolean).join(" · ");
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focused && !disabled) button.current?.focus();
  }, [focused, disabled]);
  return (
    <button
      type="button"
      class="button"
      data-kind={kind}
      data-on={on}
      data-icon={children === undefined}
      aria-label={label}
      aria-keyshortcuts={hotkey}
      title={title || undefined}
      disabled={disabled}
      onClick={onClick}
      ref={button}
    >
      {icon && <Icon name={icon} size={14} />}
      {children}
    </button>
  );
}
