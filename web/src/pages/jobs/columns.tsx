// The columns that the list can have.

import type { ComponentChildren } from "preact";
import type { Row } from "../../api/shapes";
import { href } from "../../core/route";
import { duration } from "../../core/time";
import { visible } from "../../core/visible";
import { Status } from "../../parts/Status";
import { Duration, MaybeTime, Time } from "../../parts/Time";
import { Uid } from "../../parts/Uid";
import { setting } from "../../state/settings";

export interface Column {
  id: string;
  title: string;
  cell: (row: Row) => ComponentChildren;
}

export const COLUMNS: readonly Column[] = [
  { id: "id", title: "Id", cell: (row) => row.id },
  {
    id: "uid",
    title: "Uid",
    cell: (row) => (
      <a href={href("job", row.uid)} data-row={row.uid} aria-label={`${row.type} ${row.uid}`}>
        <Uid uid={row.uid} />
      </a>
    ),
  },
  {
    id: "status",
    title: "Status",
    cell: (row) => (
      <Status status={row.status} cancelling={row.cancelling} progress={row.progress} />
    ),
  },
  { id: "type", title: "Type", cell: (row) => <span title={row.type}>{visible(row.type)}</span> },
  { id: "queue", title: "Queue", cell: (row) => row.queue },
  {
    id: "attempts",
    title: "Attempts",
    cell: (row) => (
      <>
        {row.attempts}
        <span class="faint"> / {row.max_attempts}</span>
      </>
    ),
  },
  { id: "priority", title: "Priority", cell: (row) => row.priority },
  { id: "created", title: "Created", cell: (row) => <Time iso={row.created_at} /> },
  { id: "due", title: "Due", cell: (row) => <Time iso={row.run_at} /> },
  { id: "started", title: "Started", cell: (row) => <MaybeTime iso={row.started_at} /> },
  { id: "completed", title: "Completed", cell: (row) => <Completed row={row} /> },
  { id: "duration", title: "Duration", cell: (row) => <Duration seconds={row.duration} /> },
  {
    id: "error",
    title: "Error",
    cell: (row) =>
      row.error && (
        <span title={row.error.message}>
          <b>{row.error.type}</b> {visible(row.error.message)}
        </span>
      ),
  },
  {
    id: "tags",
    title: "Tags",
    cell: (row) =>
      row.tags.map((tag) => (
        <span class="tag" key={tag}>
          {tag}
        </span>
      )),
  },
  { id: "worker", title: "Worker", cell: (row) => row.worker ?? <span class="faint">–</span> },
  {
    id: "payload",
    title: "Payload",
    cell: (row) => <code title={row.preview}>{row.preview}</code>,
  },
];

const INITIAL = ["id", "uid", "status", "type", "attempts", "created", "started", "completed"];
/** Without it there would be no way into a job, and no place for the keyboard. */
export const FIXED = "uid";

const known = (kept: string): string[] | null => {
  const ids = kept.split(",").filter((id) => COLUMNS.some((column) => column.id === id));
  return ids.includes(FIXED) ? ids : null;
};

export const shown = setting<readonly string[]>("columns", INITIAL, known, (ids) => ids.join());

export const isInitial = (): boolean => shown.value.join() === INITIAL.join();

export function reset(): void {
  shown.value = INITIAL;
}

export function toggle(id: string): void {
  const wanted = shown.value.includes(id)
    ? shown.value.filter((each) => each !== id)
    : [...shown.value, id];
  // In their own order, not in that of the clicks.
  shown.value = COLUMNS.map((column) => column.id).filter((each) => wanted.includes(each));
}

/** When a job ended and how long its last attempt took, in one. */
function Completed({ row }: { row: Row }) {
  if (row.completed_at === null) return <span class="faint">–</span>;
  return (
    <>
      <Time iso={row.completed_at} />
      {row.duration !== null && <span class="took"> · {duration(row.duration)}</span>}
    </>
  );
}
