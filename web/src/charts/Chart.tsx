// One chart over time: lines, a cursor that all charts of a page share, and a legend that says the
// numbers under it.

import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import { absolute } from "../core/time";
import { now } from "../state/clock";
import { appearance } from "./appearance";
import { options, type Steps } from "./options";

export interface Line {
  name: string;
  /** Of which custom property of the styles its colour is. */
  color: string;
  values: readonly (number | null)[];
  dashed?: boolean;
  filled?: boolean;
}

interface Props {
  title: string;
  times: readonly number[];
  lines: readonly Line[];
  format: (value: number) => string;
  /** What the steps of the axis are of, where they are not just numbers. */
  steps?: Steps;
  /** What chooses between several charts in this place. */
  children?: ComponentChildren;
}

export function Chart({ title, times, lines, format, steps, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const cursor = useSignal<number | null>(null);
  const data = useMemo(
    (): uPlot.AlignedData => [[...times], ...lines.map((line) => [...line.values])],
    [times, lines],
  );
  const look = appearance.value;
  const shape = lines.map((line) => line.name).join();

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const chart = new uPlot(
      options({ lines, format, steps: steps ?? null, cursor }),
      data,
      element,
    );
    plot.current = chart;
    const resize = (): void =>
      chart.setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(resize);
    observer.observe(element);
    resize();
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [look, shape]);
  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        {children}
        <Legend times={times} lines={lines} format={format} cursor={cursor} />
      </figcaption>
      <div class="chart-box" ref={box} role="img" aria-label={describe(title, lines, format)} />
    </figure>
  );
}

interface LegendProps extends Omit<Props, "title" | "children" | "steps"> {
  cursor: Signal<number | null>;
}

function Legend({ times, lines, format, cursor }: LegendProps) {
  const at = cursor.value;
  const time = at === null ? undefined : times[at];
  return (
    <div class="legend">
      {time !== undefined && <span class="faint">{absolute(time * 1000, now.value)}</span>}
      {lines.map((line) => {
        const value = at === null ? line.values.findLast((each) => each !== null) : line.values[at];
        return (
          <span key={line.name} class="legend-line">
            <svg width="14" height="8" viewBox="0 0 14 8" aria-hidden="true">
              <path
                d="M1 4h12"
                style={{ stroke: `var(${line.color})` }}
                stroke-width="2"
                stroke-dasharray={line.dashed ? "3 2.5" : undefined}
              />
            </svg>
            <span class="soft">{line.name}</span>
            <b>{value === null || value === undefined ? "–" : format(value)}</b>
          </span>
        );
      })}
    </div>
  );
}

/** What a chart says to whoever does not see it; all of its numbers are in the table below. */
function describe(
  title: string,
  lines: readonly Line[],
  format: (value: number) => string,
): string {
  const said = lines.map((line) => {
    const known = line.values.filter((value) => value !== null);
    if (known.length === 0) return `${line.name}: nothing yet`;
    return `${line.name}: last ${format(known.at(-1) ?? 0)}, most ${format(Math.max(...known))}`;
  });
  return `${title}. ${said.join("; ")}`;
}
