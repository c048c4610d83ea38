// Who looks, and what they may do.

import { computed, signal } from "@preact/signals";
import { get, post as send } from "../api/client";
import type { Session } from "../api/shapes";

export const session = signal<Session | null>(null);
export const mayAct = computed(() => session.value?.may_act ?? false);

export async function load(): Promise<Session> {
  const answer = await get<Session>("session");
  session.value = answer;
  return answer;
}

/** Ask for something to be done, in the viewer's name. */
export const post = <T>(path: string, body: object): Promise<T> =>
  send<T>(path, body, session.value);
