// The keyboard: pages and lists say what they do with a key, the innermost one first.

import { useLayoutEffect, useRef } from "preact/hooks";

export type Bindings = Readonly<Record<string, (event: KeyboardEvent) => void>>;

interface Layer {
  bindings: Bindings;
}

const layers: Layer[] = [];
const PATIENCE = 1_200;
let prefix: { key: string; at: number } | null = null;

/** Bind keys for as long as a component is there. Two keys in a row are written `g j`. */
export function useKeys(bindings: Bindings): void {
  const layer = useRef<Layer>({ bindings });
  layer.current.bindings = bindings;
  // As soon as it can be seen: whoever is fast must not press a key in vain.
  useLayoutEffect(() => {
    const entry = layer.current;
    layers.push(entry);
    return () => {
      layers.splice(layers.indexOf(entry), 1);
    };
  }, []);
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.tagName === "TEXTAREA" ||
    target.tagName === "SELECT" ||
    (target instanceof HTMLInputElement && !["checkbox", "radio"].includes(target.type)));

function find(name: string): ((event: KeyboardEvent) => void) | undefined {
  return layers.findLast((layer) => name in layer.bindings)?.bindings[name];
}

const isPrefix = (key: string): boolean =>
  layers.some((layer) => Object.keys(layer.bindings).some((name) => name.startsWith(`${key} `)));

function press(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  // A dialog keeps the keyboard to itself.
  if (document.querySelector("dialog[open]") !== null || isTyping(event.target)) return;
  // Enter and the space bar belong to what has the focus.
  const focused = event.target instanceof HTMLElement && event.target.closest("a, button, summary");
  if (focused && (event.key === "Enter" || event.key === " ")) return;
  const waiting = prefix !== null && event.timeStamp - prefix.at < PATIENCE ? prefix.key : null;
  prefix = null;
  const bound = waiting === null ? find(event.key) : find(`${waiting} ${event.key}`);
  if (bound !== undefined) {
    event.preventDefault();
    bound(event);
  } else if (waiting === null && isPrefix(event.key)) {
    prefix = { key: event.key, at: event.timeStamp };
  }
}

export function start(): void {
  window.addEventListener("keydown", press);
}
