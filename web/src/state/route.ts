// Where the page is: the part of its address behind the #.

import { computed, effect, signal } from "@preact/signals";
import { href, parse } from "../core/route";

const hash = signal(window.location.hash);

export const route = computed(() => parse(hash.value));

/** The list of jobs as it was last looked at, to go back to. */
export const lastList = signal(href("jobs"));

effect(() => {
  if (route.value.page === "jobs") lastList.value = hash.value;
});

/** What is to be done before another page takes the place of this one. */
export const leaving = new Set<() => void>();

window.addEventListener("hashchange", () => {
  for (const note of leaving) note();
  hash.value = window.location.hash;
});

export function go(page: string, rest = "", query?: URLSearchParams): void {
  window.location.hash = href(page, rest, query);
}

/** Change what is shown of this page without a step in the browser's history. */
export function replace(page: string, rest = "", query?: URLSearchParams): void {
  const address = href(page, rest, query);
  window.history.replaceState(null, "", address);
  hash.value = address;
}
