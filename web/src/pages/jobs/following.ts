// What keeps the list up to date while its page is open.

import { computed, effect, untracked } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { SHARED } from "../../api/client";
import { client, on, renewals } from "../../api/stream";
import type { View } from "../../core/filters";
import { now } from "../../state/clock";
import { leaving } from "../../state/route";
import { watch } from "../../state/watch";
import { useHands } from "./hands";
import { comeBack, leave, list } from "./kept";
import { focusedRow, focusRow } from "./rowKeys";
import type { Selection } from "./selection";

const LOOK_EVERY = 3;

const second = computed(() => Math.floor(now.value / 1000));

interface Following {
  view: View;
  /** The view as it stands in the address. */
  query: string;
  selection: Selection;
  table: RefObject<HTMLElement | null>;
}

export function useFollowing({ view, query, selection, table }: Following): void {
  const isBusy = useHands(table);

  useEffect(() => {
    selection.clear();
    const place = comeBack(query);
    if (place === null) {
      window.scrollTo(0, 0);
      void list.load(view);
    } else {
      window.scrollTo(0, place.scroll);
      if (place.uid !== null) focusRow(table, place.uid);
      void list.refresh();
    }
    const note = (): void => leave(query, focusedRow());
    leaving.add(note);
    return () => {
      leaving.delete(note);
    };
  }, [query]);

  // What happened before events began to come, or while they did not, is fetched.
  useEffect(() => {
    if (client.value === null) return undefined;
    const timer = window.setTimeout(() => void list.refresh(), SHARED);
    return () => window.clearTimeout(timer);
  }, [client.value, renewals.value]);

  useEffect(() => on("jobs", (event) => list.receive(event)), []);
  useEffect(() => effect(() => watch(list.uids)), []);
  useEffect(() => () => watch([]), []);

  // What has come is shown if that disturbs nobody, now or a second later.
  useEffect(
    () =>
      effect(() => {
        void second.value;
        if (list.fresh.value === 0 || !selection.isEmpty.value || isBusy()) return;
        untracked(() => list.show());
      }),
    [],
  );
  useEffect(
    () =>
      effect(() => {
        if (second.value % LOOK_EVERY === 0) void untracked(() => list.look());
      }),
    [],
  );
}
