// The time by the database's clock, so that a viewer's wrong clock makes no wrong ages.

import { signal } from "@preact/signals";

let ahead = 0;

/** Milliseconds since 1970, moving once a second: what shows ages reads this. */
export const now = signal(Date.now());

export const exactly = (): number => Date.now() + ahead;

/** Learn the database's time from an answer that has just come. */
export function set(iso: string): void {
  const offset = Date.parse(iso) - Date.now();
  // Small differences are the way that the answer took; following them would make ages jump.
  if (Math.abs(offset - ahead) > 1_500) ahead = offset;
}

export function start(): void {
  window.setInterval(() => {
    if (!document.hidden) now.value = exactly();
  }, 1_000);
  document.addEventListener("visibilitychange", () => {
    now.value = exactly();
  });
}
