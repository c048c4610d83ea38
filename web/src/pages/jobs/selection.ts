// Which rows are selected: some of them, or everything that matches.

import { computed, signal } from "@preact/signals";

export class Selection {
  readonly uids = signal<ReadonlySet<string>>(new Set());
  /** Everything that matches, on the screen or not. */
  readonly all = signal(false);
  readonly isEmpty = computed(() => this.uids.value.size === 0 && !this.all.value);
  private anchor: string | null = null;

  /** Select a row, or no longer; with `range` those from the last one to it, too. */
  toggle(uid: string, order: readonly string[], range: boolean): void {
    const next = new Set(this.all.value ? [] : this.uids.value);
    const wanted = !next.has(uid);
    const anchor = range && this.anchor !== null ? order.indexOf(this.anchor) : -1;
    const here = order.indexOf(uid);
    const span =
      anchor < 0 ? [uid] : order.slice(Math.min(anchor, here), Math.max(anchor, here) + 1);
    for (const each of span) {
      if (wanted) next.add(each);
      else next.delete(each);
    }
    this.anchor = uid;
    this.all.value = false;
    this.uids.value = next;
  }

  set(uids: readonly string[]): void {
    this.all.value = false;
    this.uids.value = new Set(uids);
  }

  clear(): void {
    this.set([]);
    this.anchor = null;
  }

  has(uid: string): boolean {
    return this.all.value || this.uids.value.has(uid);
  }
}
