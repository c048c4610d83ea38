import { expect, it } from "vitest";
import type { AttemptRow, Detail, Row } from "../src/api/shapes";
import { spans, waits, widths } from "../src/core/timeline";

const at = (second: number): string => new Date(Date.UTC(2026, 4, 1) + second * 1000).toISOString();
const ms = (second: number): number => Date.parse(at(second));

const attempt = (number: number, from: number, to: number | null): AttemptRow => ({
  number,
  status: to === null ? "running" : "error",
  started_at: at(from),
  completed_at: to === null ? null : at(to),
  duration: null,
  worker: 1,
  error: null,
  traceback: null,
});

it("tells waiting from running", () => {
  const job = { created_at: at(0), status: "running" } as Row;
  const detail = { attempts: [attempt(1, 2, 3), attempt(2, 10, null)] } as Detail;
  expect(
    spans(detail, job, ms(14)).map((span) => [span.kind, span.to - span.from, span.open]),
  ).toEqual([
    ["wait", 2_000, false],
    ["run", 1_000, false],
    ["wait", 7_000, false],
    ["run", 4_000, true],
  ]);
});

it("knows how long each attempt waited", () => {
  const job = { created_at: at(0), status: "pending" } as Row;
  const detail = { attempts: [attempt(1, 2, 3), attempt(2, 10, 11)] } as Detail;
  expect([...waits(detail, job)]).toEqual([
    [1, 2],
    [2, 7],
  ]);
});

it("waits on while it is pending", () => {
  const job = { created_at: at(0), status: "pending" } as Row;
  expect(spans({ attempts: [] as AttemptRow[] } as Detail, job, ms(5))).toMatchObject([
    { kind: "wait", open: true, attempt: 1 },
  ]);
});

it("leaves a sliver for what is short", () => {
  const job = { created_at: at(0), status: "failed" } as Row;
  const detail = { attempts: [attempt(1, 86_400, 86_400)] } as Detail;
  const [wait, run] = widths(spans(detail, job, ms(86_400)));
  expect(run).toBeGreaterThan(1);
  expect((wait ?? 0) + (run ?? 0)).toBeCloseTo(100);
});
