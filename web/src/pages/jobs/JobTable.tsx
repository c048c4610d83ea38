import { memo } from "preact/compat";
import type { Row } from "../../api/shapes";
import type { View } from "../../core/filters";
import { href } from "../../core/route";
import { go } from "../../state/route";
import { mayAct } from "../../state/session";
import { COLUMNS, type Column, shown } from "./columns";
import { hasLeft, type JobList } from "./list";
import type { Selection } from "./selection";

interface Props {
  list: JobList;
  view: View;
  selection: Selection;
}

export function JobTable({ list, view, selection }: Props) {
  const columns = COLUMNS.filter((column) => shown.value.includes(column.id));
  const rows = list.rows.value;
  const all = rows.length > 0 && rows.every((row) => selection.has(row.uid));
  return (
    <div class="table-scroll">
      <table class="jobs" aria-label="Jobs" data-loading={list.loading.value}>
        <thead>
          <tr>
            {mayAct.value && (
              <th class="pick" scope="col">
                <input
                  type="checkbox"
                  aria-label="Select all rows that are shown"
                  checked={all}
                  onChange={() => (all ? selection.clear() : selection.set(list.uids))}
                />
              </th>
            )}
            {columns.map((column) => (
              <th key={column.id} scope="col" data-column={column.id}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <JobRow
              key={row.uid}
              row={row}
              columns={columns}
              left={hasLeft(view, row)}
              gone={list.gone.value.has(row.uid)}
              selected={selection.has(row.uid)}
              // A row is not drawn again for those around it: the order is that of the click.
              onSelect={
                mayAct.value ? (range) => selection.toggle(row.uid, list.uids, range) : null
              }
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  row: Row;
  columns: readonly Column[];
  /** It does not match the filter any more. */
  left: boolean;
  gone: boolean;
  selected: boolean;
  onSelect: ((range: boolean) => void) | null;
}

const JobRow = memo(
  function JobRow({ row, columns, left, gone, selected, onSelect }: RowProps) {
    // The whole row opens the job; what is in it that does something of its own goes first.
    const open = (event: MouseEvent): void => {
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest("a, button, input") || window.getSelection()?.toString()) return;
      // A finger may well land beside the box.
      if (onSelect && target?.closest(".pick")) onSelect(event.shiftKey);
      else if (event.metaKey || event.ctrlKey)
        window.open(href("job", row.uid), "_blank", "noopener");
      else go("job", row.uid);
    };
    return (
      <tr
        data-status={row.status}
        data-left={left || gone}
        data-testid="job-row"
        data-uid={row.uid}
        aria-selected={onSelect === null ? undefined : selected}
        onClick={open}
      >
        {onSelect && (
          <td class="pick">
            <input
              type="checkbox"
              aria-label={`Select ${row.type} ${row.uid}`}
              checked={selected}
              onClick={(event) => onSelect(event.shiftKey)}
            />
          </td>
        )}
        {columns.map((column) => (
          <td key={column.id} data-column={column.id}>
            {column.id === "status" && gone ? <span class="soft">deleted</span> : column.cell(row)}
          </td>
        ))}
      </tr>
    );
  },
  (before, after) =>
    before.row === after.row &&
    before.left === after.left &&
    before.gone === after.gone &&
    before.selected === after.selected &&
    (before.onSelect === null) === (after.onSelect === null) &&
    before.columns.map((column) => column.id).join() ===
      after.columns.map((column) => column.id).join(),
);
