// A job's life as a row of spans: waiting and running, one after the other.

import type { AttemptStatus, Detail, JobStatus, Row } from "../api/shapes";

export interface Span {
  kind: "wait" | "run";
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  /** It is still going on. */
  open: boolean;
  attempt: number;
  status: AttemptStatus | JobStatus;
}

export function spans(detail: Detail, job: Row, now: number): Span[] {
  const found: Span[] = [];
  let at = Date.parse(job.created_at);
  for (const attempt of detail.attempts) {
    if (attempt.started_at === null) continue;
    const start = Date.parse(attempt.started_at);
    const common = { attempt: attempt.number, status: attempt.status };
    found.push({ kind: "wait", from: at, to: Math.max(at, start), open: false, ...common });
    const isOpen = attempt.completed_at === null && job.status === "running";
    const end = attempt.completed_at === null ? null : Date.parse(attempt.completed_at);
    at = end ?? (isOpen ? Math.max(now, start) : start);
    found.push({ kind: "run", from: start, to: at, open: isOpen, ...common });
  }
  if (job.status === "pending" || job.status === "blocked") {
    const attempt = detail.attempts.length + 1;
    found.push({
      kind: "wait",
      from: at,
      to: Math.max(now, at),
      open: true,
      attempt,
      status: job.status,
    });
  }
  return found;
}

/** Seconds that each attempt waited for its start, by its number. */
export const waits = (detail: Detail, job: Row): Map<number, number> =>
  new Map(
    spans(detail, job, 0)
      .filter((span) => span.kind === "wait" && !span.open)
      .map((span) => [span.attempt, (span.to - span.from) / 1000]),
  );

/** Widths of spans in percent. Each is at least a sliver, so that milliseconds beside hours can be
 * seen; that is why it is a sketch, and the numbers are written beside it. */
export function widths(of: readonly Span[]): number[] {
  const LEAST = 1.5;
  const lengths = of.map((span) => span.to - span.from);
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  if (whole === 0) return of.map(() => 100 / of.length);
  const raw = lengths.map((length) => Math.max(LEAST, (length / whole) * 100));
  const sum = raw.reduce((total, width) => total + width, 0);
  return raw.map((width) => (width / sum) * 100);
}
