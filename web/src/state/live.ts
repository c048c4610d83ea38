// How the whole is doing, as the last event said.

import { computed, effect, type Signal, signal } from "@preact/signals";
import { get } from "../api/client";
import type { Overview, Pulse } from "../api/shapes";
import { on, renewals, stream } from "../api/stream";
import * as clock from "./clock";

export const pulse = signal<Pulse | null>(null);
/** What `steve doctor` found and what was done lately: comes less often than the pulse. */
export const overview = signal<Overview | null>(null);
export const error: Signal<Error | null> = signal(null);
/** Why the monitor cannot see the database, while it cannot. */
export const trouble: Signal<string | null> = signal(null);
/** The pulses of the last minute or so, for sparklines. */
export const course: Signal<readonly Pulse[]> = signal([]);

const REMEMBERED = 60;
const PATIENCE = 5_000;
/** Milliseconds without any event after which one asks: where nothing happens none come. */
const SILENCE = 8_000;

let heard = 0;

export const counts = computed(
  () => new Map((pulse.value?.counts ?? []).map((each) => [each.status, each])),
);

/** All queues together. */
export function totals(of: Pulse): { ready: number; scheduled: number; running: number } {
  const sum = (of_: (queue: Pulse["queues"][number]) => number): number =>
    of.queues.reduce((total, queue) => total + of_(queue), 0);
  return {
    ready: sum((queue) => queue.ready),
    scheduled: sum((queue) => queue.scheduled),
    running: sum((queue) => queue.running),
  };
}

export function start(): void {
  on("pulse", receive);
  window.setInterval(() => {
    const silent = performance.now() - heard > SILENCE;
    if (silent && stream.value === "open" && !document.hidden) void ask();
  }, SILENCE);
  on("overview", take);
  on("trouble", ({ detail }) => {
    // It is told once, and its end is not: one has to ask.
    if (trouble.value === null) window.setTimeout(ask, PATIENCE);
    trouble.value = detail;
  });
  // Once at the start, and whenever events may have been missed.
  effect(() => {
    void renewals.value;
    void ask();
  });
}

async function ask(): Promise<void> {
  try {
    take(await get<Overview>("overview"));
  } catch (reason) {
    error.value = reason instanceof Error ? reason : new Error(String(reason));
    if (stream.value === "open" && trouble.value === null) trouble.value = error.value.message;
    if (trouble.value !== null) window.setTimeout(ask, PATIENCE);
  }
}

function take(event: Overview): void {
  error.value = null;
  overview.value = event;
  receive(event.pulse);
}

function receive(event: Pulse): void {
  heard = performance.now();
  // What was asked for meanwhile was refused.
  if (trouble.value !== null) renewals.value += 1;
  trouble.value = null;
  clock.set(event.now);
  // What was fetched may arrive after an event that is younger.
  if (pulse.value !== null && event.now <= pulse.value.now) return;
  pulse.value = event;
  course.value = [...course.value.slice(1 - REMEMBERED), event];
}
