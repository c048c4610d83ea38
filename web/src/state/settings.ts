// What a viewer has chosen, kept in the browser. Where that is not allowed it lasts as long as the
// page does.

import { effect, type Signal, signal } from "@preact/signals";

function read(key: string): string | null {
  try {
    return window.localStorage.getItem(`steve.${key}`);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    window.localStorage.setItem(`steve.${key}`, value);
  } catch {
    // Private windows and full disks: the choice is kept in memory.
  }
}

/** A signal that is kept. `accept` turns what was kept into a value, or says no with null. */
export function setting<T>(
  key: string,
  initial: T,
  accept: (kept: string) => T | null,
  text: (value: T) => string = String,
): Signal<T> {
  const kept = read(key);
  const value = signal(kept === null ? initial : (accept(kept) ?? initial));
  let known = text(value.value);
  effect(() => {
    const next = text(value.value);
    if (next !== known) write(key, next);
    known = next;
  });
  return value;
}

export function oneOf<T extends string>(...values: readonly T[]): (kept: string) => T | null {
  return (kept) => values.find((value) => value === kept) ?? null;
}

export type Theme = "system" | "light" | "dark";

export const theme = setting<Theme>("theme", "system", oneOf("system", "light", "dark"));
export const times = setting<"relative" | "absolute">(
  "times",
  "relative",
  oneOf("relative", "absolute"),
);

effect(() => {
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
});
