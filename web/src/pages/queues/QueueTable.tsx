import { useRef } from "preact/hooks";
import type { Done, QueueRow } from "../../api/shapes";
import { count, rate } from "../../core/number";
import { href } from "../../core/route";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { Duration, Time } from "../../parts/Time";
import { useKeys } from "../../state/keys";
import { useListKeys } from "../../state/listKeys";
import { failed, notify } from "../../state/notices";
import { mayAct, post } from "../../state/session";

interface Props {
  queues: readonly QueueRow[];
  chosen: string | null;
  onPause: (name: string) => void;
}

export function QueueTable({ queues, chosen, onPause }: Props) {
  const table = useRef<HTMLDivElement>(null);
  useListKeys(table);
  useKeys({
    p: () => {
      const name = document.activeElement?.closest("tr")?.dataset["queue"];
      const queue = queues.find((each) => each.name === name);
      if (queue === undefined || !mayAct.value) return;
      if (queue.paused) void resume(queue.name);
      else onPause(queue.name);
    },
  });
  return (
    <div class="panel" ref={table}>
      <div class="panel-scroll">
        <table class="plain wide" aria-label="Queues">
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col">State</th>
              <Th>Ready</Th>
              <Th>Running</Th>
              <Th>Scheduled</Th>
              <Th>Workers</Th>
              <Th>Completed / s</Th>
              <Th>Failed / s</Th>
              <Th>Wait p50</Th>
              <Th>Wait p95</Th>
              {mayAct.value && (
                <th scope="col">
                  <span class="visually-hidden">Actions</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {queues.map((queue) => (
              <QueueLine
                key={queue.name}
                queue={queue}
                isChosen={queue.name === chosen}
                onPause={onPause}
              />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

const Th = ({ children }: { children: string }) => (
  <th scope="col" class="number">
    {children}
  </th>
);

interface LineProps {
  queue: QueueRow;
  isChosen: boolean;
  onPause: (name: string) => void;
}

function QueueLine({ queue, isChosen, onPause }: LineProps) {
  const jobs = (status: string): string =>
    href("jobs", "", new URLSearchParams({ status, queue: queue.name }));
  return (
    <tr data-testid="queue-row" data-queue={queue.name} data-chosen={isChosen}>
      <td class="name">
        <a
          data-item
          href={isChosen ? href("queues") : href("queues", queue.name)}
          aria-expanded={isChosen}
          title="Show its course"
        >
          {queue.name}
        </a>
      </td>
      <td>
        <State queue={queue} />
      </td>
      <td class="number" data-unit="ready">
        <a href={jobs("pending")}>{count(queue.ready)}</a>
      </td>
      <td class="number" data-unit="running">
        <a href={jobs("running")}>{count(queue.running)}</a>
      </td>
      <td class="number" data-unit="scheduled">
        {count(queue.scheduled)}
      </td>
      <td class="number" data-unit="workers">
        {queue.workers === 0 ? (
          <span class="lack" title="No worker serves it">
            none
          </span>
        ) : (
          count(queue.workers)
        )}
      </td>
      <td class="number" data-unit="done / s">
        {optional(queue.completed_rate)}
      </td>
      <td class="number" data-unit="failed / s" data-failing={(queue.failed_rate ?? 0) > 0}>
        {optional(queue.failed_rate)}
      </td>
      <td class="number" data-unit="wait p50">
        <Duration seconds={queue.wait_p50} />
      </td>
      <td class="number" data-unit="wait p95">
        <Duration seconds={queue.wait_p95} />
      </td>
      {mayAct.value && (
        <td class="act">
          {queue.paused ? (
            <Button icon="play" onClick={() => void resume(queue.name)}>
              Resume
            </Button>
          ) : (
            <Button icon="pause" onClick={() => onPause(queue.name)}>
              Pause
            </Button>
          )}
        </td>
      )}
    </tr>
  );
}

const optional = (perSecond: number | null): string => (perSecond === null ? "–" : rate(perSecond));

function State({ queue }: { queue: QueueRow }) {
  if (!queue.paused) {
    return (
      <span class="soft state">
        <Icon name="play" size={12} /> open
      </span>
    );
  }
  return (
    <span class="status" data-status="warning">
      <Icon name="pause" size={12} /> paused
      <span class="soft">
        {queue.paused_by && ` by ${queue.paused_by}`}
        {queue.paused_until ? (
          <>
            {" "}
            until <Time iso={queue.paused_until} />
          </>
        ) : (
          queue.paused_at && (
            <>
              {" "}
              <Time iso={queue.paused_at} />
            </>
          )
        )}
      </span>
    </span>
  );
}

async function resume(name: string): Promise<void> {
  try {
    const { done } = await post<Done>("queues/resume", { name });
    if (done) notify(`Queue ${name} is open again.`);
    else notify(`Queue ${name} was not paused.`, "failed");
  } catch (error) {
    failed(error);
  }
}
