import type { QueueRow } from "../../api/shapes";
import { rate, short } from "../../core/number";
import { href } from "../../core/route";
import { Empty } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";

const MOST = 8;

/** The queues with most to do. */
export function QueueList({ queues }: { queues: readonly QueueRow[] }) {
  const busiest = queues
    .toSorted((a, b) => b.ready - a.ready || b.running - a.running)
    .slice(0, MOST);
  return (
    <Panel
      title="Queues"
      note={queues.length}
      tools={
        <a class="link" href={href("queues")}>
          All queues
        </a>
      }
      flush
    >
      {busiest.length === 0 ? (
        <Empty title="No queues yet">A queue exists as soon as a job is in it.</Empty>
      ) : (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col" class="number">
                Ready
              </th>
              <th scope="col" class="number">
                Running
              </th>
              <th scope="col" class="number">
                Done / s
              </th>
            </tr>
          </thead>
          <tbody>
            {busiest.map((queue) => (
              <tr key={queue.name}>
                <td class="name">
                  <a href={href("queues", queue.name)}>{queue.name}</a>
                  {queue.paused && (
                    <span class="paused">
                      <Icon name="pause" size={11} /> paused
                    </span>
                  )}
                </td>
                <td class="number">{short(queue.ready)}</td>
                <td class="number">{short(queue.running)}</td>
                <td class="number">
                  {queue.completed_rate === null ? "–" : rate(queue.completed_rate)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
