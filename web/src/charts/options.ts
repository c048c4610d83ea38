// How charts look: thin lines, hardly a grid, axes that start at nothing.

import type { Signal } from "@preact/signals";
import type uPlot from "uplot";
import { color } from "./appearance";
import type { Line } from "./Chart";

const FONT = '11px "Inter Variable", system-ui, sans-serif';
const CURSOR = "steve";

/** Steps of an axis for what is counted. */
const WHOLE_STEPS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8].flatMap((power) => [
  power,
  2 * power,
  5 * power,
]);

interface Settings {
  lines: readonly Line[];
  format: (value: number) => string;
  whole: boolean;
  /** Is told at which entry the pointer is. */
  cursor: Signal<number | null>;
}

export function options({ lines, format, whole, cursor }: Settings): uPlot.Options {
  const faint = color("--text-faint");
  const grid = { stroke: color("--line"), width: 1 };
  const axis = { stroke: faint, font: FONT, ticks: { show: false } };
  return {
    width: 300,
    height: 150,
    legend: { show: false },
    padding: [8, 4, 0, 0],
    cursor: {
      sync: { key: CURSOR },
      y: false,
      drag: { x: false, y: false },
      points: { size: 6 },
    },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, roof(most)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 22, gap: 6, space: 70, values: clockTimes },
      {
        ...axis,
        grid,
        size: 50,
        gap: 6,
        space: 34,
        ...(whole ? { incrs: WHOLE_STEPS } : {}),
        values: (_, splits) => splits.map((split) => format(split)),
      },
    ],
    series: [{}, ...lines.map((line) => series(line))],
    hooks: {
      setCursor: [
        (plot) => {
          cursor.value = plot.cursor.idx ?? null;
        },
      ],
    },
  };
}

/** Room above the highest value, and an axis even where there is nothing. */
const roof = (most: number | null): number => (most === null || most <= 0 ? 1 : most * 1.08);

function series(line: Line): uPlot.Series {
  const stroke = color(line.color);
  return {
    label: line.name,
    stroke,
    width: 1.5,
    points: { show: false },
    spanGaps: false,
    ...(line.dashed ? { dash: [5, 4] } : {}),
    ...(line.filled ? { fill: color(line.color, 0.12) } : {}),
  };
}

const DAY = 86_400;
const time = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const date = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** Times of the axis in the viewer's zone: days where they are days apart. */
function clockTimes(_: uPlot, splits: number[]): string[] {
  const apart = (splits[1] ?? 0) - (splits[0] ?? 0);
  return splits.map((split) => {
    const at = new Date(split * 1000);
    return (apart >= DAY || isMidnight(at) ? date : time).format(at);
  });
}

const isMidnight = (at: Date): boolean => at.getHours() === 0 && at.getMinutes() === 0;
