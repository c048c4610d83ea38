import { useEffect, useState } from "preact/hooks";
import type { Filter, Names } from "../../api/shapes";
import { EVERYTHING, isEverything, type Sort, type View } from "../../core/filters";
import { read } from "../../core/search";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { useResource } from "../../state/resource";
import { go } from "../../state/route";
import { Choice } from "./Choice";
import { Created } from "./Created";
import { TextField } from "./TextField";

interface Props {
  view: View;
  onChange: (view: View) => void;
}

const SORTS: readonly (readonly [sort: Sort, text: string])[] = [
  ["newest", "Newest first"],
  ["oldest", "Oldest first"],
  ["finished", "Last finished first"],
];

export function Filters({ view, onChange }: Props) {
  const names = useResource<Names>("names");
  const { filter } = view;
  const set = (part: Partial<Filter>): void =>
    onChange({ ...view, filter: { ...filter, ...part } });
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is younger than the browsers it has to run in
    <div class="filters" role="search" aria-label="Jobs">
      <SearchField path={filter.path} onChange={(path) => set({ path })} />
      <TextField label="Error contains" value={filter.error} onChange={(error) => set({ error })} />
      <Choice
        label="Type"
        all="Any type"
        options={names.data.value?.types ?? []}
        chosen={filter.type}
        onOpen={names.reload}
        onChange={(type) => set({ type })}
      />
      <Choice
        label="Queue"
        all="Any queue"
        options={names.data.value?.queues ?? []}
        chosen={filter.queue}
        onOpen={names.reload}
        onChange={(queue) => set({ queue })}
      />
      <TextField label="Tag" value={filter.tag} onChange={(tag) => set({ tag })} />
      <Created since={filter.since} until={filter.until} onChange={set} />
      {filter.fingerprint !== null && (
        <Button on icon="close" onClick={() => set({ fingerprint: null })}>
          Fingerprint {filter.fingerprint.slice(0, 8)}
        </Button>
      )}
      <label class="field select">
        <span class="visually-hidden">Sort</span>
        <select
          value={view.sort}
          onChange={(event) => {
            const sort = SORTS.find(([each]) => each === event.currentTarget.value)?.[0];
            if (sort !== undefined) onChange({ ...view, sort });
          }}
        >
          {SORTS.map(([sort, text]) => (
            <option key={sort} value={sort}>
              {text}
            </option>
          ))}
        </select>
        <Icon name="down" size={12} />
      </label>
      {!isEverything({ ...filter, status: [] }) && (
        <Button
          kind="quiet"
          icon="close"
          onClick={() => onChange({ ...view, filter: { ...EVERYTHING, status: filter.status } })}
        >
          Clear
        </Button>
      )}
    </div>
  );
}

interface SearchProps {
  path: string | null;
  onChange: (path: string | null) => void;
}

/** Words anywhere in the payload, a path into it, or a uid to go to. */
function SearchField({ path, onChange }: SearchProps) {
  const [text, setText] = useState(path ?? "");
  useEffect(() => setText(path ?? ""), [path]);
  const submit = (event: Event): void => {
    event.preventDefault();
    const search = read(text);
    if (search?.kind === "uid") go("job", search.uid);
    else onChange(search?.path ?? null);
  };
  return (
    <form class="field search" data-on={path !== null} onSubmit={submit}>
      <Icon name="search" size={14} />
      <input
        id="search"
        type="search"
        aria-label="Search payloads, or go to a uid"
        title={"Words, a path such as $.user ? (@.id == 42), or a uid"}
        placeholder="Words, $.user ? (@.id == 42), or a uid"
        value={text}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
        onSearch={(event) => {
          if (event.currentTarget.value === "") onChange(null);
        }}
      />
      <kbd>/</kbd>
    </form>
  );
}
