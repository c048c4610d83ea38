// The lines of a job's log that have been fetched so far.

import { type Signal, signal } from "@preact/signals";
import { get } from "../../api/client";
import type { Log, LogLine } from "../../api/shapes";

export class JobLog {
  readonly lines: Signal<readonly LogLine[]> = signal([]);
  readonly error: Signal<Error | null> = signal(null);
  private after = 0;
  private wanted = 0;
  private busy = false;

  constructor(private readonly uid: string) {}

  /** Fetch until line `newest` is there, or nothing more comes. */
  async catchUp(newest: number): Promise<void> {
    this.wanted = Math.max(this.wanted, newest);
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.after < this.wanted && (await this.fetch())) {
        // A newer line may have been told of meanwhile.
      }
      this.error.value = null;
    } catch (error) {
      this.error.value = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.busy = false;
    }
  }

  /** Whether something came. */
  private async fetch(): Promise<boolean> {
    const query = new URLSearchParams({ after: String(this.after) });
    const log = await get<Log>(`jobs/${encodeURIComponent(this.uid)}/log`, query);
    this.after = log.next;
    if (log.lines.length > 0) this.lines.value = [...this.lines.value, ...log.lines];
    return log.lines.length > 0;
  }
}
