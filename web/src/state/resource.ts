// What a page has fetched: its last answer stays on the screen while the next is on its way.

import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { get, Refused } from "../api/client";
import { renewals } from "../api/stream";

export interface Resource<T> {
  data: ReadonlySignal<T | null>;
  error: ReadonlySignal<Error | null>;
  reload: () => void;
}

interface Request {
  path: string;
  query?: URLSearchParams;
}

class Fetching<T> implements Resource<T> {
  readonly data: Signal<T | null> = signal(null);
  readonly error: Signal<Error | null> = signal(null);
  private flight: AbortController | null = null;
  private request: Request | null = null;

  ask(request: Request): void {
    if (request.path !== this.request?.path) this.data.value = null;
    this.request = request;
    this.reload();
  }

  readonly reload = (): void => {
    if (this.request === null) return;
    this.flight?.abort();
    const flight = new AbortController();
    this.flight = flight;
    get<T>(this.request.path, this.request.query, flight.signal).then(
      (answer) => {
        if (flight.signal.aborted) return;
        this.data.value = answer;
        this.error.value = null;
      },
      (error: unknown) => {
        if (flight.signal.aborted) return;
        this.error.value = error instanceof Error ? error : new Error(String(error));
        if (error instanceof Refused && error.status === 404) this.data.value = null;
      },
    );
  };

  stop(): void {
    this.flight?.abort();
  }
}

/** Fetch, and fetch again when the request changes, after events had broken off, and every so many
 * seconds while somebody looks. */
export function useResource<T>(path: string, query?: URLSearchParams, every?: number): Resource<T> {
  const fetching = useMemo(() => new Fetching<T>(), []);
  const text = query?.toString() ?? "";
  useEffect(() => {
    fetching.ask(query === undefined ? { path } : { path, query });
  }, [path, text]);
  useEffect(() => {
    const seen = renewals.peek();
    const stop = effect(() => {
      if (renewals.value > seen) fetching.reload();
    });
    return () => {
      stop();
      fetching.stop();
    };
  }, []);
  useEffect(() => {
    if (every === undefined) return undefined;
    const timer = window.setInterval(() => {
      if (!document.hidden) fetching.reload();
    }, every * 1000);
    return () => window.clearInterval(timer);
  }, [every]);
  return fetching;
}
