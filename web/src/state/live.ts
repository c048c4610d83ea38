// How the whole is doing, as the last event said.

import { computed, effect, type Signal, signal } from "@preact/signals";
import { get } from "../api/client";
import type { Overview, Pulse } from "../api/shapes";
import { on, renewals } from "../api/stream";
import * as clock from "./clock";

export const pulse = signal<Pulse | null>(null);
/** What `steve doctor` found and what was done lately: comes less often than the pulse. */
export const overview = signal<Overview | null>(null);
export const error: Signal<Error | null> = signal(null);
/** The pulses of the last minute or so, for sparklines. */
export const course: Signal<readonly Pulse[]> = signal([]);

const REMEMBERED = 60;

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
  on("overview", take);
  // Once at the start, and whenever events may have been missed.
  effect(() => {
    void renewals.value;
    get<Overview>("overview").then(take, (reason: unknown) => {
      error.value = reason instanceof Error ? reason : new Error(String(reason));
    });
  });
}

function take(event: Overview): void {
  error.value = null;
  overview.value = event;
  receive(event.pulse);
}

function receive(event: Pulse): void {
  clock.set(event.now);
  // What was fetched may arrive after an event that is younger.
  if (pulse.value !== null && event.now <= pulse.value.now) return;
  pulse.value = event;
  course.value = [...course.value.slice(1 - REMEMBERED), event];
}
