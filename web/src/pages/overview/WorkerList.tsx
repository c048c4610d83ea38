import type { WorkerRow } from "../../api/shapes";
import { bytes } from "../../core/number";
import { href } from "../../core/route";
import { Empty } from "../../parts/Empty";
import { Load } from "../../parts/Load";
import { Panel } from "../../parts/Panel";

const MOST = 8;

export function WorkerList({ workers }: { workers: readonly WorkerRow[] }) {
  const busiest = workers.toSorted((a, b) => b.running - a.running || a.id - b.id).slice(0, MOST);
  return (
    <Panel
      title="Workers"
      note={workers.length}
      tools={
        <a class="link" href={href("workers")}>
          All workers
        </a>
      }
      flush
    >
      {busiest.length === 0 ? (
        <Empty title="No worker is running" code="steve worker app:jobs" />
      ) : (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col">Running</th>
              <th scope="col" class="number">
                Memory
              </th>
            </tr>
          </thead>
          <tbody>
            {busiest.map((worker) => (
              <tr key={worker.id}>
                <td class="name">{worker.name}</td>
                <td>
                  <Load running={worker.running} concurrency={worker.concurrency} />
                </td>
                <td class="number">{worker.memory === null ? "–" : bytes(worker.memory)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
