// The queues: how deep, how fast, and whether they are paused.

import { useState } from "preact/hooks";
import { Charts } from "../../charts/Charts";
import { Empty } from "../../parts/Empty";
import { Problem } from "../../parts/Problem";
import { error, pulse } from "../../state/live";
import { route } from "../../state/route";
import { PauseDialog } from "./PauseDialog";
import { QueueTable } from "./QueueTable";

export function Queues() {
  const [asked, setAsked] = useState<string | null>(null);
  const queues = pulse.value?.queues ?? null;
  const chosen = queues?.find((queue) => queue.name === route.value.rest) ?? null;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Queues</h1>
      </div>
      {queues === null && <Problem error={error.value} />}
      {queues?.length === 0 && (
        <Empty title="No queues yet" code={'await jobs.create("report", {}, queue="slow")'}>
          A queue exists as soon as a job is in it, or a worker serves it.
        </Empty>
      )}
      {/* Above the queues: below a thousand of them nobody would see it. */}
      {chosen !== null && <Charts queue={chosen.name} key={chosen.name} />}
      {queues !== null && queues.length > 0 && (
        <QueueTable queues={queues} chosen={chosen?.name ?? null} onPause={setAsked} />
      )}
      {asked !== null && <PauseDialog name={asked} onClose={() => setAsked(null)} />}
    </div>
  );
}
