// Requests to the API. Addresses are relative to the page, so that any prefix works.

import type { Problem, Session } from "./shapes";

/** What the API refused, in its own words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The API could not be reached, or did not answer in time. */
export class Unreachable extends Error {
  constructor(late: boolean) {
    super(
      late
        ? "The monitor does not answer: its database may be away."
        : "The monitor cannot be reached.",
    );
  }
}

/** Milliseconds for which the API gives an answer to whoever asks the same. What is asked for later
 * than that after an event is no older than the event. */
export const SHARED = 1_100;

/** Milliseconds for an answer. */
const PATIENCE = 10_000;

export async function get<T>(
  path: string,
  query?: URLSearchParams,
  signal?: AbortSignal,
): Promise<T> {
  const text = query?.toString() ?? "";
  return request<T>(text === "" ? path : `${path}?${text}`, signal ? { signal } : {});
}

export async function post<T>(path: string, body: object, session: Session | null): Promise<T> {
  return request<T>(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Steve-Token": session?.csrf ?? "" },
    body: JSON.stringify(body),
  });
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  const response = await reach(`api/${path}`, init);
  if (!response.ok) throw new Refused(response.status, await reason(response));
  return (await response.json()) as T;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  const patience = AbortSignal.timeout(PATIENCE);
  const signal = init.signal ? AbortSignal.any([init.signal, patience]) : patience;
  try {
    return await fetch(path, { ...init, signal });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Unreachable(patience.aborted);
  }
}

async function reason(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as Partial<Problem>;
    if (typeof problem.detail === "string") return problem.detail;
  } catch {
    // A proxy in between answers in its own way.
  }
  return `The monitor answered ${response.status} ${response.statusText}`.trim();
}
