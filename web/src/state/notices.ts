// Short messages about what was done, or was not.

import { signal } from "@preact/signals";

export interface Notice {
  id: number;
  text: string;
  tone: "done" | "failed";
}

export const notices = signal<readonly Notice[]>([]);

let last = 0;

export function notify(text: string, tone: Notice["tone"] = "done"): void {
  last += 1;
  const notice: Notice = { id: last, text, tone };
  notices.value = [...notices.value.slice(-3), notice];
  window.setTimeout(() => dismiss(notice.id), tone === "done" ? 5_000 : 12_000);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export const failed = (error: unknown): void =>
  notify(error instanceof Error ? error.message : String(error), "failed");
