import type { Verb } from "../../api/shapes";
import { plural } from "../../core/number";
import { applies } from "../../core/status";
import { VERBS } from "../../core/verbs";
import { Button } from "../../parts/Button";
import type { IconName } from "../../parts/Icon";
import type { JobList } from "./list";
import type { Selection } from "./selection";

interface Props {
  selection: Selection;
  list: JobList;
  act: (verb: Verb, uids: readonly string[] | "all") => void;
}

const ORDER: readonly (readonly [verb: Verb, icon: IconName])[] = [
  ["retry", "retry"],
  ["cancel", "cancel"],
  ["delete", "trash"],
];

/** What can be done to the rows that are selected. */
export function Selected({ selection, list, act }: Props) {
  if (selection.isEmpty.value) return null;
  const rows = list.rows.value;
  const uids = [...selection.uids.value];
  const isPage = rows.length > 0 && rows.every((row) => selection.has(row.uid));
  const all = selection.all.value;
  const fits = (verb: Verb): boolean =>
    all || rows.some((row) => selection.has(row.uid) && applies(verb, row.status));
  return (
    <div class="selected" role="toolbar" aria-label="Selected jobs">
      <b>{all ? "All that match" : `${plural(uids.length, "job")} selected`}</b>
      {isPage && !all && list.next.value !== null && (
        <button
          type="button"
          class="link"
          onClick={() => {
            selection.all.value = true;
          }}
        >
          Select all that match
        </button>
      )}
      <span class="tools">
        {ORDER.map(([verb, icon]) => (
          <Button
            key={verb}
            icon={icon}
            hotkey={VERBS[verb].key}
            kind={verb === "delete" ? "danger" : undefined}
            disabled={!fits(verb)}
            onClick={() => act(verb, all ? "all" : uids)}
          >
            {VERBS[verb].text}
          </Button>
        ))}
        <Button
          kind="quiet"
          icon="close"
          label="Clear the selection"
          hotkey="Escape"
          onClick={() => selection.clear()}
        />
      </span>
    </div>
  );
}
