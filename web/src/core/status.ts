// What there is to know about statuses, once.

import type { JobStatus, Verb } from "../api/shapes";

export const STATUSES: readonly JobStatus[] = [
  "pending",
  "running",
  "blocked",
  "completed",
  "failed",
  "cancelled",
  "expired",
];

const APPLIES: Readonly<Record<Verb, readonly JobStatus[]>> = {
  retry: ["failed", "cancelled", "expired"],
  cancel: ["pending", "running", "blocked"],
  delete: ["pending", "blocked", "completed", "failed", "cancelled", "expired"],
};

export const isStatus = (text: string): text is JobStatus =>
  (STATUSES as readonly string[]).includes(text);

/** Whether something can be done to a job of this status. */
export const applies = (verb: Verb, status: JobStatus): boolean => APPLIES[verb].includes(status);

/** Those of `statuses` that a verb can be applied to; none given means all. */
export function within(verb: Verb, statuses: readonly JobStatus[]): JobStatus[] {
  const wanted = statuses.length === 0 ? STATUSES : statuses;
  return wanted.filter((status) => applies(verb, status));
}
