import { useState } from "preact/hooks";
import type { History } from "../api/shapes";
import { count, rate } from "../core/number";
import { absolute, duration } from "../core/time";
import { now } from "../state/clock";

/** The numbers behind the charts as a table, for whoever prefers them or cannot see the charts. */
export function Numbers({ history }: { history: History }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The numbers as a table</summary>
      {open && <Table history={history} />}
    </details>
  );
}

type Column = readonly [title: string, value: (index: number) => string];

function columns(history: History): Column[] {
  const or = (value: number | null | undefined, format: (value: number) => string): string =>
    value === null || value === undefined ? "–" : format(value);
  return [
    ["Completed / s", (at) => rate((history.completed[at] ?? 0) / history.width)],
    ["Failed / s", (at) => rate((history.failed[at] ?? 0) / history.width)],
    ["Wait p50", (at) => or(history.wait_p50[at], duration)],
    ["Wait p95", (at) => or(history.wait_p95[at], duration)],
    ["Run p50", (at) => or(history.run_p50[at], duration)],
    ["Run p95", (at) => or(history.run_p95[at], duration)],
    ["Ready", (at) => or(history.ready[at], count)],
    ["Running", (at) => or(history.running[at], count)],
    ["Scheduled", (at) => or(history.scheduled[at], count)],
  ];
}

function Table({ history }: { history: History }) {
  const shown = columns(history);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by key
    <section class="numbers-scroll" aria-label="Numbers" tabIndex={0}>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">From</th>
            {shown.map(([title]) => (
              <th key={title} scope="col" class="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {history.times
            .map((time, index) => ({ time, index }))
            .toReversed()
            .map(({ time, index }) => (
              <tr key={time}>
                <th scope="row">{absolute(time * 1000, now.value)}</th>
                {shown.map(([title, value]) => (
                  <td key={title} class="number">
                    {value(index)}
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}
