interface Props {
  value: number;
  label?: string;
}

/** How far something is: `value` is a share of 1. */
export function Progress({ value, label = "Progress" }: Props) {
  const percent = Math.round(value * 100);
  return (
    <span
      class="progress"
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      title={`${percent} %`}
    >
      <i style={{ width: `${percent}%` }} />
    </span>
  );
}
