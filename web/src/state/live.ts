// How the whole is doing, as the last event said.

import { computed, signal } from "@preact/signals";
import type { Overview, Pulse } from "../api/shapes";
import { on } from "../api/stream";
import * as clock from "./clock";

export const pulse = signal<Pulse | null>(null);
/** What `steve doctor` found and what was done lately: comes less often than the pulse. */
export const overview = signal<Overview | null>(null);

export const counts = computed(
  () => new Map((pulse.value?.counts ?? []).map((each) => [each.status, each])),
);

export function start(): void {
  on("pulse", receive);
  on("overview", (event) => {
    overview.value = event;
    receive(event.pulse);
  });
}

export function receive(event: Pulse): void {
  clock.set(event.now);
  pulse.value = event;
}
