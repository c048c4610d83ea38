// How the whole is doing, for the second screen.

import { Charts } from "../../charts/Charts";
import { Problem } from "../../parts/Problem";
import { error, overview, pulse } from "../../state/live";
import { Actions } from "./Actions";
import { Alarms, Healthy } from "./Alarms";
import { QueueList } from "./QueueList";
import { Tiles } from "./Tiles";
import { WorkerList } from "./WorkerList";

export function Overview() {
  const whole = pulse.value;
  const seldom = overview.value;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Overview</h1>
        {seldom !== null && <Healthy overview={seldom} />}
      </div>
      {whole === null ? <Problem error={error.value} /> : <Tiles pulse={whole} />}
      {seldom !== null && <Alarms overview={seldom} />}
      <Charts />
      {whole !== null && (
        <div class="overview-lists">
          <QueueList queues={whole.queues} />
          <WorkerList workers={whole.workers} />
          {seldom !== null && <Actions actions={seldom.actions} />}
        </div>
      )}
    </div>
  );
}
