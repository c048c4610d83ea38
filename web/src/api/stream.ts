// The monitor's events: one stream for the page, opened again when it breaks.

import { signal } from "@preact/signals";
import type { Overview, Problem, Pulse, Row } from "./shapes";

export interface Events {
  hello: { client: string };
  pulse: Pulse;
  jobs: { newest: Row[]; changed: Row[]; gone: string[] };
  overview: Overview;
  /** The database cannot be looked at. */
  trouble: Problem;
}

type Name = keyof Events;
type Listener<N extends Name> = (event: Events[N]) => void;

const NAMES: readonly Name[] = ["hello", "pulse", "jobs", "overview", "trouble"];
const SOONEST = 1_000;
const LATEST = 20_000;

/** Whether events come: "lost" after they have broken off. */
export const stream = signal<"opening" | "open" | "lost">("opening");
/** How the server calls this page; null while it does not know it. */
export const client = signal<string | null>(null);
/** Counts the times that events began to come again: what was fetched before may be out of date. */
export const renewals = signal(0);

const listeners: { [N in Name]: Set<Listener<N>> } = {
  hello: new Set(),
  pulse: new Set(),
  jobs: new Set(),
  overview: new Set(),
  trouble: new Set(),
};
let source: EventSource | null = null;
let timer: number | undefined;
let delay = SOONEST;

export function on<N extends Name>(name: N, listener: Listener<N>): () => void {
  const set: Set<Listener<N>> = listeners[name];
  set.add(listener);
  return () => set.delete(listener);
}

export function open(): void {
  close();
  source = new EventSource("api/events");
  source.onerror = lost;
  for (const name of NAMES) source.addEventListener(name, (event) => receive(name, event));
}

export function close(): void {
  window.clearTimeout(timer);
  source?.close();
  source = null;
}

/** Open it now, without waiting for the next try. */
export function hurry(): void {
  if (stream.value === "lost") open();
}

function receive<N extends Name>(name: N, event: MessageEvent<string>): void {
  const data = JSON.parse(event.data) as Events[N];
  if (name === "hello") welcome((data as Events["hello"]).client);
  for (const listener of listeners[name]) listener(data);
}

function welcome(name: string): void {
  const again = stream.value === "lost";
  delay = SOONEST;
  stream.value = "open";
  client.value = name;
  if (again) renewals.value += 1;
}

// The browser's own reconnecting neither backs off, nor goes on after an answer that is an error.
function lost(): void {
  close();
  stream.value = "lost";
  client.value = null;
  timer = window.setTimeout(open, delay * (0.75 + Math.random() / 2));
  delay = Math.min(delay * 2, LATEST);
}
