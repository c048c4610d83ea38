import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

const STILL = 1_500;
const TOP = 60;

/** Whether rows must stay where they are: somebody has scrolled down, has the keyboard in the
 * table, or is moving the pointer over it. */
export function useHands(table: RefObject<HTMLElement | null>): () => boolean {
  const moved = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const move = (): void => {
      moved.current = performance.now();
    };
    table.current?.addEventListener("pointermove", move);
    table.current?.addEventListener("pointerdown", move);
    return () => {
      table.current?.removeEventListener("pointermove", move);
      table.current?.removeEventListener("pointerdown", move);
    };
  }, []);
  return () =>
    window.scrollY > TOP ||
    performance.now() - moved.current < STILL ||
    (table.current?.contains(document.activeElement) ?? false);
}
