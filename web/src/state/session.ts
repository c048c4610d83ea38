// Who looks, and what they may do.

import { computed, effect, type Signal, signal } from "@preact/signals";
import { get, Refused, post as send } from "../api/client";
import type { Session } from "../api/shapes";
import { stream } from "../api/stream";

export const session = signal<Session | null>(null);
export const mayAct = computed(() => session.value?.may_act ?? false);
/** Why the viewer is not let in: there is nothing to see until they log in. */
export const refusal: Signal<Refused | null> = signal(null);

async function load(): Promise<void> {
  try {
    session.value = await get<Session>("session");
    refusal.value = null;
  } catch (error) {
    // Any other trouble shows with what the page asks for.
    if (error instanceof Refused) refusal.value = error;
  }
}

/** Ask who looks; again when events break off and when they come back, since a session may have
 * ended and another server may be there. */
export function start(): void {
  effect(() => {
    void stream.value;
    void load();
  });
}

/** Ask for something to be done, in the viewer's name. */
export const post = <T>(path: string, body: object): Promise<T> =>
  send<T>(path, body, session.value);
