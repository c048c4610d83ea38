import type { Pulse } from "../../api/shapes";
import { count, rate, short } from "../../core/number";
import { href } from "../../core/route";
import { duration } from "../../core/time";
import { Sparkline } from "../../parts/Sparkline";
import { course, totals } from "../../state/live";

/** A line of two points would look like a course; it begins at the right, with room for so many. */
const FEWEST = 20;

interface Tile {
  name: string;
  text: string;
  title?: string;
  status?: string;
  address?: string;
  values?: number[];
}

/** The numbers of this moment, each with its last minute. */
export function Tiles({ pulse }: { pulse: Pulse }) {
  return (
    <dl class="tiles">
      {tiles(pulse, course.value).map((tile) => (
        <div class="tile" key={tile.name} data-status={tile.status}>
          <dt>{tile.name}</dt>
          <dd title={tile.title}>
            {tile.address === undefined ? tile.text : <a href={tile.address}>{tile.text}</a>}
          </dd>
          {tile.values && (
            <Sparkline values={tile.values} slots={Math.max(FEWEST, tile.values.length)} />
          )}
        </div>
      ))}
    </dl>
  );
}

function tiles(pulse: Pulse, course: readonly Pulse[]): Tile[] {
  const { ready, scheduled, running } = totals(pulse);
  const oldest = pulse.oldest_ready;
  const jobs = (status: string): string => href("jobs", "", new URLSearchParams({ status }));
  return [
    {
      name: "Completed / s",
      text: rate(pulse.completed_rate),
      status: "completed",
      address: jobs("completed"),
      values: course.map((each) => each.completed_rate),
    },
    {
      name: "Failed / s",
      text: rate(pulse.failed_rate),
      status: "failed",
      address: jobs("failed"),
      values: course.map((each) => each.failed_rate),
    },
    {
      name: "Running",
      text: short(running),
      title: count(running),
      status: "running",
      address: jobs("running"),
      values: course.map((each) => totals(each).running),
    },
    {
      name: "Ready",
      text: short(ready),
      title: count(ready),
      status: "pending",
      address: jobs("pending"),
      values: course.map((each) => totals(each).ready),
    },
    {
      name: "Oldest ready",
      text: oldest === null ? "–" : duration(oldest),
      title: "How long the job that has been due longest has waited",
      status: "pending",
      values: course.map((each) => each.oldest_ready ?? 0),
    },
    {
      name: "Scheduled",
      text: short(scheduled),
      title: `${count(scheduled)}: to start later`,
      status: "blocked",
      values: course.map((each) => totals(each).scheduled),
    },
  ];
}
