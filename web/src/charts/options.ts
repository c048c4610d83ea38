// How charts look: thin lines, hardly a grid, axes that start at nothing.

import type { Signal } from "@preact/signals";
import type uPlot from "uplot";
import { color } from "./appearance";
import type { Line } from "./Chart";

const FONT = '11px "Inter Variable", system-ui, sans-serif';
const CURSOR = "steve";

const decades = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index)).flatMap((power) => [
    power,
    2 * power,
    5 * power,
  ]);

/** Steps of an axis: there are no halves of what is counted, and people count seconds by sixties. */
const STEPS = {
  count: decades(0, 9),
  seconds: [
    ...decades(-3, 0),
    ...[10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200],
    ...decades(0, 3).map((days) => days * 86_400),
  ],
} as const;

export type Steps = keyof typeof STEPS;

interface Settings {
  lines: readonly Line[];
  format: (value: number) => string;
  steps: Steps | null;
  /** Is told at which entry the pointer is. */
  cursor: Signal<number | null>;
}

export function options({ lines, format, steps, cursor }: Settings): uPlot.Options {
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
        ...(steps === null ? {} : { incrs: [...STEPS[steps]] }),
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
