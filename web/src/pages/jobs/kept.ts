// The list of jobs outlives its page, so that one who opens a job and comes back finds it as it was:
// as many rows, at the same place, with the keyboard on the same row.

import { JobList } from "./list";

interface Place {
  query: string;
  scroll: number;
  uid: string | null;
}

export const list = new JobList();
let place: Place | null = null;

export function leave(query: string, uid: string | null): void {
  place = { query, scroll: window.scrollY, uid };
}

/** Where the list was left, if it is the same list. */
export function comeBack(query: string): Place | null {
  const found = place?.query === query && list.rows.value.length > 0 ? place : null;
  place = null;
  return found;
}
