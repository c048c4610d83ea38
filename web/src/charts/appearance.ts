// The colours of the styles for what is drawn on a canvas, which does not know them.

import { computed, signal } from "@preact/signals";
import { theme } from "../state/settings";

const query = window.matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(query.matches);
query.addEventListener("change", (event) => {
  systemIsDark.value = event.matches;
});

/** Changes when colours do. */
export const appearance = computed(() =>
  theme.value === "system" ? (systemIsDark.value ? "dark" : "light") : theme.value,
);

/** What a custom property comes to at the moment. */
export function color(property: string, opacity = 1): string {
  const probe = document.createElement("span");
  probe.style.color =
    opacity === 1
      ? `var(${property})`
      : `color-mix(in srgb, var(${property}) ${opacity * 100}%, transparent)`;
  document.body.append(probe);
  const found = window.getComputedStyle(probe).color;
  probe.remove();
  return found;
}
