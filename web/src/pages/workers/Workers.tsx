// The workers: where they are, what they have in hand, and whether they are well.

import { useRef, useState } from "preact/hooks";
import type { Done, WorkerRow } from "../../api/shapes";
import { bytes, plural } from "../../core/number";
import { href } from "../../core/route";
import { complete, duration } from "../../core/time";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { Empty } from "../../parts/Empty";
import { Load } from "../../parts/Load";
import { Problem } from "../../parts/Problem";
import { Progress } from "../../parts/Progress";
import { Since } from "../../parts/Time";
import { useListKeys } from "../../state/listKeys";
import { error, pulse } from "../../state/live";
import { failed, notify } from "../../state/notices";
import { mayAct, post } from "../../state/session";

export function Workers() {
  const [asked, setAsked] = useState<WorkerRow | null>(null);
  const list = useRef<HTMLDivElement>(null);
  useListKeys(list);
  const workers = pulse.value?.workers ?? null;
  const running = workers?.reduce((sum, worker) => sum + worker.running, 0) ?? 0;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Workers</h1>
        {workers !== null && workers.length > 0 && (
          <span class="soft">
            {plural(workers.length, "worker")}, {plural(running, "job")} running
          </span>
        )}
      </div>
      {workers === null && <Problem error={error.value} />}
      {workers?.length === 0 && (
        <Empty title="No worker is running" code={"steve worker app:jobs --concurrency 20"}>
          Jobs wait until one does. A worker serves the handlers of a module, on any machine that
          reaches the database.
        </Empty>
      )}
      <div class="workers" ref={list}>
        {workers?.map((worker) => (
          <Worker key={worker.id} worker={worker} onStop={() => setAsked(worker)} />
        ))}
      </div>
      {asked && <StopDialog worker={asked} onClose={() => setAsked(null)} />}
    </div>
  );
}

interface WorkerProps {
  worker: WorkerRow;
  onStop: () => void;
}

function Worker({ worker, onStop }: WorkerProps) {
  const lack = worker.lease_left < 0;
  return (
    <article class="panel worker" aria-label={`Worker ${worker.name}`} data-testid="worker">
      <div class="worker-head">
        <div class="worker-name">
          <h2>{worker.name}</h2>
          <span class="soft">
            {worker.host} · pid {worker.pid} · steve {worker.version}
          </span>
        </div>
        {worker.stopping && (
          <span class="status" data-status="warning">
            stopping
          </span>
        )}
        {mayAct.value && !worker.stopping && (
          <Button icon="stop" onClick={onStop}>
            Stop
          </Button>
        )}
      </div>
      <dl class="worker-facts">
        <div>
          <dt>Running</dt>
          <dd>
            <Load running={worker.running} concurrency={worker.concurrency} />
          </dd>
        </div>
        <div>
          <dt>Queues</dt>
          <dd>{worker.queues.join(", ") || "all"}</dd>
        </div>
        {worker.types && (
          <div>
            <dt>Types</dt>
            <dd title={worker.types.join(", ")}>{worker.types.join(", ")}</dd>
          </div>
        )}
        <div>
          <dt>Memory</dt>
          <dd>{worker.memory === null ? "–" : bytes(worker.memory)}</dd>
        </div>
        <div>
          <dt>Lease</dt>
          <dd
            class={lack ? "lack" : undefined}
            title={`renewed ${complete(Date.parse(worker.renewed_at))}`}
          >
            {lack ? "over" : `${duration(worker.lease_left)} left`}
            <span class="faint">
              , <Since iso={worker.renewed_at} /> old
            </span>
          </dd>
        </div>
        <div>
          <dt>Up</dt>
          <dd>
            <Since iso={worker.registered_at} />
          </dd>
        </div>
      </dl>
      <RunningJobs worker={worker} />
    </article>
  );
}

function RunningJobs({ worker }: { worker: WorkerRow }) {
  if (worker.jobs.length === 0) return null;
  const more = worker.running - worker.jobs.length;
  return (
    <ul class="worker-jobs" aria-label="Running jobs">
      {worker.jobs.map((job) => (
        <li key={job.uid} data-status="running">
          <a data-item href={href("job", job.uid)}>
            {job.type} <span class="faint mono">{job.uid.slice(-12)}</span>
          </a>
          <span class="worker-progress">
            {job.progress !== null && <Progress value={job.progress} />}
            {job.progress_message && <span class="soft">{job.progress_message}</span>}
          </span>
          <span class="soft">
            <Since iso={job.attempted_at} />
          </span>
        </li>
      ))}
      {more > 0 && <li class="faint">and {plural(more, "other")}</li>}
    </ul>
  );
}

function StopDialog({ worker, onClose }: { worker: WorkerRow; onClose: () => void }) {
  const run = async (): Promise<void> => {
    onClose();
    try {
      const { done } = await post<Done>("workers/stop", { id: worker.id });
      if (done) notify(`Worker ${worker.name} was asked to stop.`);
      else notify(`Worker ${worker.name} is gone already.`, "failed");
    } catch (error) {
      failed(error);
    }
  };
  return (
    <Dialog title={`Stop worker ${worker.name}?`} onClose={onClose}>
      <p class="soft">
        It takes no new jobs, lets running handlers come to their end for as long as its grace
        allows, and exits. Whoever started it may start it again.
      </p>
      <div class="dialog-foot">
        <Button onClick={onClose}>Back</Button>
        <Button kind="main" onClick={() => void run()}>
          Stop
        </Button>
      </div>
    </Dialog>
  );
}
