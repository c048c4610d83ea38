import type { RefObject } from "preact";
import type { Verb } from "../../api/shapes";
import { useKeys } from "../../state/keys";
import { mayAct } from "../../state/session";
import type { JobList } from "./list";
import type { Selection } from "./selection";

interface Hands {
  table: RefObject<HTMLElement | null>;
  list: JobList;
  selection: Selection;
  act: (verb: Verb, uids: readonly string[] | "all") => void;
}

/** The uid of the row that the keyboard is in. */
export function focusedRow(): string | null {
  const row = document.activeElement?.closest("tr");
  return row?.querySelector<HTMLElement>("a[data-row]")?.dataset["row"] ?? null;
}

export function focusRow(table: RefObject<HTMLElement | null>, uid: string): void {
  const links = table.current?.querySelectorAll<HTMLElement>("a[data-row]") ?? [];
  const link = [...links].find((each) => each.dataset["row"] === uid);
  link?.focus({ preventScroll: true });
}

/** The keyboard in the list. The focus is the cursor: it is on the link of a row. */
export function useRowKeys({ table, list, selection, act }: Hands): void {
  const links = (): HTMLElement[] => [
    ...(table.current?.querySelectorAll<HTMLElement>("a[data-row]") ?? []),
  ];
  const move = (step: 1 | -1): void => {
    const all = links();
    const here = all.findIndex((link) => link.dataset["row"] === focusedRow());
    const to = here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1);
    all[to]?.focus({ preventScroll: true });
    all[to]?.closest("tr")?.scrollIntoView({ block: "nearest" });
  };
  const select = (range: boolean): void => {
    const uid = focusedRow();
    if (uid !== null && mayAct.value) selection.toggle(uid, list.uids, range);
  };
  const run = (verb: Verb) => (): void => {
    if (!mayAct.value) return;
    const uid = focusedRow();
    if (selection.all.value) act(verb, "all");
    else if (!selection.isEmpty.value) act(verb, [...selection.uids.value]);
    else if (uid !== null) act(verb, [uid]);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => select(false),
    X: () => select(true),
    r: run("retry"),
    c: run("cancel"),
    d: run("delete"),
    "/": () => document.getElementById("search")?.focus(),
    Escape: () => {
      selection.clear();
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    },
  });
}
