// Something that is done to many jobs: counted before it happens, done in stretches, stoppable.

import { type Signal, signal } from "@preact/signals";
import { get } from "../../api/client";
import type { Act, Changed, Count, Filter, Verb } from "../../api/shapes";
import { EVERYTHING, toQuery, type View } from "../../core/filters";
import { within } from "../../core/status";
import { post } from "../../state/session";

export type Target = { uids: readonly string[] } | { filter: Filter };

const AT_ONCE = 500;
/** Counting goes on for so many jobs; beyond that "more than" is good enough to decide. */
const ENOUGH = 1_000_000;

export class Bulk {
  readonly phase = signal<"counting" | "counted" | "working" | "done" | "stopped">("counting");
  readonly count: Signal<number> = signal(0);
  /** The count is a lower bound: it was not gone on with. */
  readonly atLeast = signal(false);
  readonly changed = signal(0);
  readonly missed = signal(0);
  readonly error: Signal<Error | null> = signal(null);
  private stopped = false;

  constructor(
    readonly verb: Verb,
    readonly target: Target,
    /** Brings up to date what shows the jobs, before it is said that all is done. */
    private readonly settle: () => Promise<void>,
  ) {}

  /** Those of the filter that the verb can be applied to: statuses that it cannot are left out. */
  private get filter(): Filter {
    const filter = "filter" in this.target ? this.target.filter : EVERYTHING;
    return { ...filter, status: within(this.verb, filter.status) };
  }

  async look(): Promise<void> {
    if ("uids" in this.target) {
      this.count.value = this.target.uids.length;
    } else if (this.filter.status.length > 0) {
      await this.guard(() => this.countAll({ filter: this.filter, sort: "newest" }));
    }
    if (!this.stopped) this.phase.value = "counted";
  }

  private async countAll(view: View): Promise<void> {
    const query = toQuery(view);
    do {
      const stretch = await get<Count>("jobs/count", query);
      this.count.value += stretch.count;
      if (stretch.next === null) return;
      query.set("after", stretch.next);
    } while (!this.stopped && this.count.value < ENOUGH);
    this.atLeast.value = true;
  }

  async run(): Promise<void> {
    this.phase.value = "working";
    await this.guard(() =>
      "uids" in this.target ? this.runUids(this.target.uids) : this.runAll(),
    );
    await this.settle();
    this.phase.value = this.stopped || this.error.value !== null ? "stopped" : "done";
  }

  private async runUids(uids: readonly string[]): Promise<void> {
    for (let at = 0; at < uids.length && !this.stopped; at += AT_ONCE) {
      await this.step({ uids: uids.slice(at, at + AT_ONCE), filter: null, after: null });
    }
  }

  private async runAll(): Promise<void> {
    let after: string | null = null;
    do {
      after = await this.step({ uids: [], filter: this.filter, after });
    } while (after !== null && !this.stopped);
  }

  private async step(part: Omit<Act, "action">): Promise<string | null> {
    const answer = await post<Changed>("jobs/act", { action: this.verb, ...part });
    this.changed.value += answer.changed.length;
    this.missed.value += answer.missed.length;
    return answer.next;
  }

  stop(): void {
    this.stopped = true;
  }

  private async guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.error.value = error instanceof Error ? error : new Error(String(error));
    }
  }
}
