// Where the page is: the part of its address behind the #.

import { computed, signal } from "@preact/signals";
import { href, parse } from "../core/route";

const hash = signal(window.location.hash);

export const route = computed(() => parse(hash.value));

window.addEventListener("hashchange", () => {
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
