import type { RefObject } from "preact";
import { useKeys } from "./keys";

/** Walk through the items of a list, the elements with `data-item`, with j and k. */
export function useListKeys(list: RefObject<HTMLElement | null>): void {
  const move = (step: 1 | -1) => (): void => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>("[data-item]") ?? [])];
    const row = document.activeElement?.closest("tr, li, article");
    const here = items.findIndex((item) => row?.contains(item));
    const to = here < 0 ? 0 : Math.min(Math.max(here + step, 0), items.length - 1);
    items[to]?.focus({ preventScroll: true });
    items[to]?.scrollIntoView({ block: "nearest" });
  };
  useKeys({ j: move(1), k: move(-1) });
}
