import type { ComponentChildren } from "preact";
import type { Detail, Row } from "../../api/shapes";
import { href } from "../../core/route";
import { duration } from "../../core/time";
import { Panel } from "../../parts/Panel";
import { Time } from "../../parts/Time";
import { MetaTree } from "./ContentPanel";

interface Props {
  detail: Detail;
  job: Row;
}

/** What there is to know about a job besides what it did. Facts that say nothing are left out. */
export function Facts({ detail, job }: Props) {
  const queue = new URLSearchParams({ queue: job.queue });
  const type = new URLSearchParams({ type: job.type });
  return (
    <aside class="job-facts" aria-label="Facts">
      <Panel title="Facts">
        <dl class="facts">
          <Fact name="Id">{job.id}</Fact>
          <Fact name="Type">
            <a class="link" href={href("jobs", "", type)}>
              {job.type}
            </a>
          </Fact>
          <Fact name="Queue">
            <a class="link" href={href("jobs", "", queue)}>
              {job.queue}
            </a>
          </Fact>
          <Fact name="Priority">{job.priority}</Fact>
          <Fact name="Attempts">
            {job.attempts} of {job.max_attempts}
            {detail.refunded > 0 && `, ${detail.refunded} not counted`}
          </Fact>
          {detail.crashes > 0 && (
            <Fact name="Crashes">
              {detail.crashes} of {detail.max_crashes}
            </Fact>
          )}
          <Fact name="Created">
            <Time iso={job.created_at} />
          </Fact>
          <Fact name="Scheduled for">
            <Time iso={detail.scheduled_at} />
          </Fact>
          {job.run_at !== detail.scheduled_at && job.status === "pending" && (
            <Fact name="Next start">
              <Time iso={job.run_at} />
            </Fact>
          )}
          {job.started_at && (
            <Fact name="First started">
              <Time iso={job.started_at} />
            </Fact>
          )}
          {job.completed_at && (
            <Fact name="Ended">
              <Time iso={job.completed_at} />
            </Fact>
          )}
          {detail.expires_at && (
            <Fact name="Expires">
              <Time iso={detail.expires_at} />
            </Fact>
          )}
          {job.worker !== null && (
            <Fact name="Worker">{detail.worker_name ?? `#${job.worker}`}</Fact>
          )}
          {detail.timeout !== null && <Fact name="Timeout">{duration(detail.timeout)}</Fact>}
          <Fact name="Backoff">{detail.backoff_strategy}</Fact>
          {detail.unique_key && <Fact name="Unique key">{detail.unique_key}</Fact>}
          {detail.limit_key && <Fact name="Limit key">{detail.limit_key}</Fact>}
          {detail.fair_key && <Fact name="Fair key">{detail.fair_key}</Fact>}
          {detail.actor && <Fact name="Last changed by">{detail.actor}</Fact>}
          {job.tags.length > 0 && (
            <Fact name="Tags">
              {job.tags.map((tag) => (
                <a class="tag" key={tag} href={href("jobs", "", new URLSearchParams({ tag }))}>
                  {tag}
                </a>
              ))}
            </Fact>
          )}
        </dl>
        <MetaTree content={detail.meta} />
      </Panel>
    </aside>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
