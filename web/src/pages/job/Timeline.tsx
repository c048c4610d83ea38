import type { Detail, Row } from "../../api/shapes";
import { duration } from "../../core/time";
import { type Span, spans, widths } from "../../core/timeline";
import { Panel } from "../../parts/Panel";
import { Time } from "../../parts/Time";
import { now } from "../../state/clock";

interface Props {
  detail: Detail;
  job: Row;
}

/** Where the time went: waiting, running, waiting again. */
export function Timeline({ detail, job }: Props) {
  const found = spans(detail, job, now.value);
  if (found.length === 0) return null;
  const sum = (kind: Span["kind"]): number =>
    found.filter((span) => span.kind === kind).reduce((total, span) => total + length(span), 0);
  const shares = widths(found);
  const running = sum("run");
  const waited = `${duration(sum("wait"))} waiting`;
  const note = running > 0 ? `${waited}, ${duration(running)} running` : waited;
  return (
    <Panel title="Timeline" note={note}>
      <ol class="timeline">
        {found.map((span, index) => (
          <li
            key={`${span.attempt} ${span.kind}`}
            data-kind={span.kind}
            data-status={span.kind === "run" ? span.status : undefined}
            data-open={span.open}
            style={{ width: `${shares[index] ?? 0}%` }}
            title={words(span)}
          >
            <span class="visually-hidden">{words(span)}</span>
          </li>
        ))}
      </ol>
      <div class="timeline-ends">
        <span>
          created <Time iso={job.created_at} />
        </span>
        {job.completed_at ? (
          <span>
            {job.status} <Time iso={job.completed_at} />
          </span>
        ) : job.status === "pending" ? (
          <span>
            due <Time iso={job.run_at} />
          </span>
        ) : (
          <span>now</span>
        )}
      </div>
    </Panel>
  );
}

const length = (span: Span): number => (span.to - span.from) / 1000;

function words(span: Span): string {
  const time = duration(length(span));
  if (span.kind === "wait") return `waited ${time} for attempt ${span.attempt}`;
  return `attempt ${span.attempt}: ${span.status} after ${time}`;
}
