import type { ComponentChildren } from "preact";
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
  children?: ComponentChildren;
}

export function Button({ onClick, icon, label, hotkey, kind, on, disabled, children }: Props) {
  const title = [label, hotkey && `key ${hotkey}`].filter(Boolean).join(" · ");
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
    >
      {icon && <Icon name={icon} size={14} />}
      {children}
    </button>
  );
}
