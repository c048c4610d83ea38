// The course of things: throughput, failures, latency and depth, of all queues or of one.

import { useMemo, useState } from "preact/hooks";
import type { History } from "../api/shapes";
import { rate, short } from "../core/number";
import { duration } from "../core/time";
import { Problem } from "../parts/Problem";
import { Segments } from "../parts/Segments";
import { useResource } from "../state/resource";
import { oneOf, setting } from "../state/settings";
import { Chart, type Line } from "./Chart";
import { Numbers } from "./Numbers";

const RANGES = ["5m", "1h", "6h", "24h", "7d"] as const;
type Range = (typeof RANGES)[number];

/** Seconds until it is worth asking again. */
const PERIOD: Readonly<Record<Range, number>> = {
  "5m": 5,
  "1h": 20,
  "6h": 60,
  "24h": 60,
  "7d": 300,
};

const range = setting<Range>("range", "5m", oneOf(...RANGES));

export function Charts({ queue = null }: { queue?: string | null }) {
  const query = new URLSearchParams({ range: range.value });
  if (queue !== null) query.set("queue", queue);
  const history = useResource<History>("history", query, PERIOD[range.value]);
  const data = history.data.value;
  return (
    <section class="charts" aria-label={queue === null ? "Course" : `Course of queue ${queue}`}>
      <div class="charts-head">
        <h2>{queue === null ? "Course" : queue}</h2>
        <Segments
          label="Range"
          options={RANGES.map((each) => [each, each] as const)}
          value={range.value}
          onChange={(next) => {
            range.value = next;
          }}
        />
      </div>
      <Problem error={history.error.value} />
      {data !== null && (
        <>
          <Plots history={data} />
          <Numbers history={data} />
        </>
      )}
    </section>
  );
}

type Latency = "wait" | "run";

function Plots({ history }: { history: History }) {
  const [latency, setLatency] = useState<Latency>("wait");
  const lines = useMemo(() => plots(history, latency), [history, latency]);
  return (
    <div class="charts-grid">
      <Chart title="Completed per second" times={history.times} lines={lines.done} format={rate} />
      <Chart title="Failed per second" times={history.times} lines={lines.failed} format={rate} />
      <Chart
        title={latency === "wait" ? "Time until the start" : "Time of running"}
        times={history.times}
        lines={lines.latency}
        format={duration}
        steps="seconds"
      >
        <Segments
          label="Latency"
          options={[
            ["wait", "Wait"],
            ["run", "Run"],
          ]}
          value={latency}
          onChange={setLatency}
        />
      </Chart>
      <Chart title="Depth" times={history.times} lines={lines.depth} format={short} steps="count" />
    </div>
  );
}

function plots(
  history: History,
  latency: Latency,
): Record<"done" | "failed" | "latency" | "depth", Line[]> {
  const perSecond = (counts: readonly number[]): number[] =>
    counts.map((count) => count / history.width);
  const [p50, p95] =
    latency === "wait" ? [history.wait_p50, history.wait_p95] : [history.run_p50, history.run_p95];
  return {
    done: [
      {
        name: "completed",
        color: "--completed",
        values: perSecond(history.completed),
        filled: true,
      },
    ],
    failed: [
      { name: "failed", color: "--failed", values: perSecond(history.failed), filled: true },
    ],
    latency: [
      { name: "p50", color: "--accent", values: p50 },
      { name: "p95", color: "--expired", values: p95, dashed: true },
    ],
    depth: [
      { name: "ready", color: "--pending", values: history.ready, filled: true },
      { name: "running", color: "--running", values: history.running },
      { name: "scheduled", color: "--blocked", values: history.scheduled, dashed: true },
    ],
  };
}
