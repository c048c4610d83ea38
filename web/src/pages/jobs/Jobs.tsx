// The list of jobs.

import { useMemo, useRef, useState } from "preact/hooks";
import type { Row, Verb } from "../../api/shapes";
import { fromQuery, toQuery, type View } from "../../core/filters";
import { plural } from "../../core/number";
import { applies } from "../../core/status";
import { VERBS } from "../../core/verbs";
import { Button } from "../../parts/Button";
import { Problem } from "../../parts/Problem";
import { useKeys } from "../../state/keys";
import { notify } from "../../state/notices";
import { replace, route } from "../../state/route";
import { mayAct } from "../../state/session";
import { BulkDialog } from "./BulkDialog";
import type { Target } from "./bulk";
import { ColumnChooser } from "./ColumnChooser";
import { Filters } from "./Filters";
import { useFollowing } from "./following";
import { JobTable } from "./JobTable";
import { list } from "./kept";
import type { JobList } from "./list";
import { NoJobs } from "./NoJobs";
import { useRowKeys } from "./rowKeys";
import { Selected } from "./Selected";
import { StatusTabs } from "./StatusTabs";
import { Selection } from "./selection";

interface Plan {
  verb: Verb;
  target: Target;
}

export function Jobs() {
  const selection = useMemo(() => new Selection(), []);
  const [plan, setPlan] = useState<Plan | null>(null);
  const table = useRef<HTMLDivElement>(null);
  const query = route.value.query.toString();
  const view = useMemo(() => fromQuery(route.value.query), [query]);
  useFollowing({ view, query, selection, table });

  const rows = list.rows.value;

  const act = (verb: Verb, uids: readonly string[] | "all"): void => {
    const target = uids === "all" ? { filter: view.filter } : within(verb, uids, rows);
    if (target !== null) setPlan({ verb, target });
  };
  const change = (next: View): void => replace("jobs", "", toQuery(next));

  useRowKeys({ table, list, selection, act });
  useKeys({
    n: () => {
      list.show();
      window.scrollTo(0, 0);
    },
  });

  return (
    <div class="page jobs-page">
      <div class="page-head">
        <h1>Jobs</h1>
        <div class="tools">
          <ColumnChooser />
        </div>
      </div>
      <StatusTabs view={view} onChange={change} />
      <Filters view={view} onChange={change} />
      <Problem error={list.error.value} />
      <Fresh list={list} />
      <div ref={table}>
        {rows.length > 0 && <JobTable list={list} view={view} selection={selection} />}
      </div>
      <Rest list={list} view={view} onChange={change} />
      {mayAct.value && <Selected selection={selection} list={list} act={act} />}
      {plan && (
        <BulkDialog
          {...plan}
          // Rows that were deleted stay, as deleted, for others only.
          settle={() => (plan.verb === "delete" ? list.load(view) : list.refresh())}
          onClose={() => {
            setPlan(null);
            selection.clear();
          }}
        />
      )}
    </div>
  );
}

/** Those of the chosen jobs that something can be done to; null, and a word about it, if to none. */
function within(verb: Verb, uids: readonly string[], rows: readonly Row[]): Target | null {
  const chosen = rows.filter((row) => uids.includes(row.uid));
  const fit = chosen.filter((row) => applies(verb, row.status));
  if (fit.length > 0) return { uids: fit.map((row) => row.uid) };
  notify(`None of ${plural(uids.length, "job")} can be ${VERBS[verb].past}.`, "failed");
  return null;
}

/** How many jobs have come that are not shown yet. */
function Fresh({ list }: { list: JobList }) {
  const count = list.fresh.value;
  if (count === 0) return null;
  return (
    <div class="fresh">
      <button
        type="button"
        onClick={() => {
          list.show();
          window.scrollTo({ top: 0 });
        }}
      >
        {count >= 50 ? "50 or more" : count} new
      </button>
    </div>
  );
}

interface RestProps {
  list: JobList;
  view: View;
  onChange: (view: View) => void;
}

/** What is below the rows: more of them, or why there are none. */
function Rest({ list, view, onChange }: RestProps) {
  const isEmpty = list.rows.value.length === 0;
  if (list.loading.value) {
    return isEmpty ? (
      <p class="list-note soft">Looking…</p>
    ) : (
      <p class="list-note soft">Looking for more…</p>
    );
  }
  const searched = !list.complete.value;
  if (list.next.value !== null) {
    return (
      <div class="list-note">
        {searched && (
          <span class="soft">
            {isEmpty ? "Nothing found so far" : "That is what was found so far"}: a search looks at
            a stretch of jobs at a time.
          </span>
        )}
        <Button onClick={() => void list.more()}>{searched ? "Search on" : "Load more"}</Button>
      </div>
    );
  }
  if (isEmpty && list.error.value === null) return <NoJobs view={view} onChange={onChange} />;
  return isEmpty ? null : <p class="list-note faint">That is all.</p>;
}
