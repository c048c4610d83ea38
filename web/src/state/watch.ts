// Tell the server which jobs are on the screen, so that their changes come with the events.

import { effect, signal } from "@preact/signals";
import type { Done } from "../api/shapes";
import { client } from "../api/stream";
import { post, session } from "./session";

/** So many the server watches for a page. */
const MOST = 200;
const PAUSE = 250;

const watched = signal<readonly string[]>([]);
let timer: number | undefined;

export function watch(uids: readonly string[]): void {
  const wanted = uids.slice(0, MOST);
  if (wanted.join() !== watched.peek().join()) watched.value = wanted;
}

export function start(): void {
  effect(() => {
    const uids = [...watched.value];
    const name = client.value;
    if (name === null || session.value === null) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      // If it fails the page is only less lively: what is wrong shows elsewhere.
      post<Done>("watch", { client: name, uids }).catch(() => undefined);
    }, PAUSE);
  });
}
