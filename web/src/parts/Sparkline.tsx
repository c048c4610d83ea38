// A course without axes: whether it rises or falls, no more. The number is written beside it.

interface LineProps {
  values: readonly number[];
  /** Room for so many, the last one at the right. */
  slots?: number;
  width?: number;
  height?: number;
}

export function Sparkline({ values, slots = values.length, width = 96, height = 24 }: LineProps) {
  const top = Math.max(...values, 0) || 1;
  const step = width / Math.max(slots - 1, 1);
  const start = width - step * (values.length - 1);
  const y = (value: number): number => height - 1.5 - (value / top) * (height - 3);
  const line = values
    .map((value, index) => `${round(start + index * step)},${round(y(value))}`)
    .join(" ");
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {values.length > 1 && (
        <>
          <polygon points={`${round(start)},${height} ${line} ${width},${height}`} />
          <polyline points={line} vector-effect="non-scaling-stroke" />
        </>
      )}
    </svg>
  );
}

/** Counts in intervals, as bars. */
export function Bars({ values, width = 168, height = 28 }: LineProps) {
  const top = Math.max(...values, 1);
  const slot = width / Math.max(values.length, 1);
  return (
    <svg
      class="bars"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
    >
      {values.map((value, index) => {
        // An interval with nothing has a dash, so that one sees where there was none.
        const tall = value === 0 ? 1 : Math.max(2.5, (value / top) * height);
        return (
          <rect
            key={index}
            data-none={value === 0}
            x={round(index * slot)}
            y={round(height - tall)}
            width={round(slot - 1.5)}
            height={round(tall)}
            rx={1}
          />
        );
      })}
    </svg>
  );
}

const round = (number: number): number => Math.round(number * 10) / 10;
