// The rows of the Jobs page, and how they change while somebody reads them: rows on the screen are
// replaced in place, and new ones come in at the top only if nobody is in the middle of something.

import { batch, computed, type Signal, signal } from "@preact/signals";
import { get, Refused } from "../../api/client";
import type { Page, Row } from "../../api/shapes";
import type { Events } from "../../api/stream";
import { isEverything, matches, toQuery, type View } from "../../core/filters";

const PAGE = 50;
const MOST_AT_ONCE = 200;
/** A list that moves by itself does not grow beyond this. */
const LONGEST = 300;

export class JobList {
  readonly rows: Signal<readonly Row[]> = signal([]);
  readonly gone: Signal<ReadonlySet<string>> = signal(new Set());
  readonly loading = signal(true);
  readonly error: Signal<Error | null> = signal(null);
  /** Whether everything that there is was looked at. */
  readonly complete = signal(true);
  readonly next: Signal<string | null> = signal(null);
  /** What has come since and is not shown yet: the top of the list as it would be now. */
  private readonly waiting: Signal<readonly Row[]> = signal([]);
  readonly fresh = computed(() => {
    const known = new Set(this.rows.value.map((row) => row.uid));
    return this.waiting.value.filter((row) => !known.has(row.uid)).length;
  });

  private view: View | null = null;
  private flight: AbortController | null = null;
  private looking = false;
  /** The first page of the view has been fetched: rows of events alone have no cursor. */
  private loaded = false;
  /** New jobs that events brought while rows were being fetched, which may be without them. */
  private arrived: readonly Row[] = [];
  /** Rows fell off the end: the cursor is not that of the last row any more. */
  private trimmed = false;

  /** The rows in their order, as it is at this moment. */
  get uids(): string[] {
    return this.rows.value.map((row) => row.uid);
  }

  async load(view: View, limit = PAGE): Promise<void> {
    this.view = view;
    this.arrived = [];
    this.loaded = false;
    this.loading.value = true;
    await this.fetch(null, limit, (page) => {
      this.loaded = true;
      this.trimmed = false;
      this.waiting.value = [];
      this.gone.value = new Set();
      this.rows.value = page.jobs;
    });
  }

  async more(): Promise<void> {
    const view = this.view;
    if (view === null || this.loading.value) return;
    if (this.trimmed) {
      await this.load(view, Math.min(this.rows.value.length + PAGE, MOST_AT_ONCE));
      return;
    }
    this.loading.value = true;
    await this.fetch(this.next.value, PAGE, (page) => {
      const known = new Set(this.rows.value.map((row) => row.uid));
      this.rows.value = [...this.rows.value, ...page.jobs.filter((row) => !known.has(row.uid))];
    });
  }

  /** Take in what an event says: which jobs are new since the event before, and what changed. */
  receive({ newest, changed, gone }: Events["jobs"]): void {
    this.update(changed);
    if (gone.length > 0) this.gone.value = new Set([...this.gone.value, ...gone]);
    if (newest.length === 0 || !this.followsEvents) return;
    if (this.loading.value) this.arrived = [...newest, ...this.arrived];
    else this.offer(this.above(newest));
  }

  /** The top of the list with these jobs above it; a whole page of them is all that is known. */
  private above(newest: readonly Row[]): readonly Row[] {
    if (newest.length >= PAGE) return newest;
    const uids = new Set(newest.map((row) => row.uid));
    const others = this.top.filter((row) => !uids.has(row.uid));
    return [...newest, ...others].sort(byUid).slice(0, LONGEST);
  }

  /** A top that was fetched, with what has come above it while it was. */
  private below(fetched: readonly Row[]): readonly Row[] {
    const [first] = fetched;
    if (first === undefined || !this.followsEvents) return fetched;
    return [...this.top.filter((row) => row.uid > first.uid), ...fetched];
  }

  /** The top of the list as far as it is known. */
  private get top(): readonly Row[] {
    return this.waiting.value.length > 0 ? this.waiting.value : this.rows.value;
  }

  /** Look for news where events do not tell them: in what is filtered or sorted. */
  async look(): Promise<void> {
    const view = this.view;
    if (view === null || view.sort === "oldest" || this.followsEvents) return;
    if (this.looking || this.loading.value || document.hidden) return;
    this.looking = true;
    try {
      const page = await get<Page>("jobs", this.query(view, null, PAGE));
      if (view === this.view && !this.loading.value) this.offer(page.jobs);
    } catch {
      // The next look may succeed; a connection that is lost is said elsewhere.
    } finally {
      this.looking = false;
    }
  }

  /** Bring what is shown up to date after a time in which events did not come. */
  async refresh(): Promise<void> {
    const view = this.view;
    if (view === null) return;
    // What failed to load is still to be loaded.
    if (!this.loaded && !this.loading.value) return this.load(view);
    try {
      const limit = Math.min(Math.max(this.rows.value.length, PAGE), MOST_AT_ONCE);
      const page = await get<Page>("jobs", this.query(view, null, limit));
      if (view !== this.view) return;
      this.offer(this.below(page.jobs));
      this.error.value = null;
    } catch (error) {
      this.error.value = error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Show what has come: the new top, and below it what was there and is older. */
  show(): void {
    const top = this.waiting.value;
    if (top.length === 0) return;
    const uids = new Set(top.map((row) => row.uid));
    const rows = this.rows.value;
    const common = rows.findLastIndex((row) => uids.has(row.uid));
    const rest = common < 0 ? [] : rows.slice(common + 1);
    const all = [...top, ...rest];
    batch(() => {
      if (all.length > LONGEST || (common < 0 && rows.length > 0)) this.trimmed = true;
      this.rows.value = all.slice(0, LONGEST);
      this.waiting.value = [];
    });
  }

  /** Events bring the newest jobs of all, whatever their status. */
  private get followsEvents(): boolean {
    return this.view !== null && this.view.sort === "newest" && isEverything(this.view.filter);
  }

  private offer(top: readonly Row[]): void {
    this.update(top);
    // What is shown may be newer than what was asked for before it came.
    this.waiting.value = renewed(top, this.rows.value);
  }

  private update(changed: readonly Row[]): void {
    this.rows.value = renewed(this.rows.value, changed);
    this.waiting.value = renewed(this.waiting.value, changed);
  }

  private query(view: View, after: string | null, limit: number): URLSearchParams {
    const query = toQuery(view);
    query.set("limit", String(limit));
    if (after !== null) query.set("after", after);
    return query;
  }

  private async fetch(
    after: string | null,
    limit: number,
    take: (page: Page) => void,
  ): Promise<void> {
    if (this.view === null) return;
    this.flight?.abort();
    const flight = new AbortController();
    this.flight = flight;
    try {
      const page = await get<Page>("jobs", this.query(this.view, after, limit), flight.signal);
      batch(() => {
        take(page);
        this.next.value = page.next;
        this.complete.value = page.complete;
        this.error.value = null;
        this.loading.value = false;
        if (this.arrived.length > 0) this.offer(this.above(this.arrived));
        this.arrived = [];
      });
    } catch (error) {
      if (flight.signal.aborted) return;
      // What was asked for makes no sense: the rows of the question before are no answer to it.
      if (error instanceof Refused && after === null) this.rows.value = [];
      this.error.value = error instanceof Error ? error : new Error(String(error));
      this.loading.value = false;
    }
  }
}

/** The newest first: uids begin with the time. */
const byUid = (a: Row, b: Row): number => (a.uid < b.uid ? 1 : -1);

/** The rows, each in its latest form. */
function renewed(rows: readonly Row[], news: readonly Row[]): readonly Row[] {
  const latest = new Map(news.map((row) => [row.uid, row]));
  if (!rows.some((row) => latest.has(row.uid))) return rows;
  return rows.map((row) => {
    const other = latest.get(row.uid);
    return other !== undefined && other.updated_at >= row.updated_at ? other : row;
  });
}

/** Whether a row that is shown has left what was asked for; it stays where it is until then. */
export const hasLeft = (view: View, row: Row): boolean => !matches(view.filter, row);
