// A time, as the viewer likes to read it, with everything about it in its tooltip.

import { absolute, complete, duration, relative } from "../core/time";
import { now } from "../state/clock";
import { times } from "../state/settings";

export function Time({ iso }: { iso: string }) {
  const at = Date.parse(iso);
  const age = relative(at, now.value);
  const date = absolute(at, now.value);
  const isRelative = times.value === "relative";
  return (
    <time dateTime={iso} title={`${complete(at)} · ${age}`}>
      {isRelative ? age : date}
    </time>
  );
}

/** A time that may not have come. */
export function MaybeTime({ iso }: { iso: string | null }) {
  return iso === null ? <span class="faint">–</span> : <Time iso={iso} />;
}

export function Duration({ seconds }: { seconds: number | null }) {
  if (seconds === null) return <span class="faint">–</span>;
  return (
    <span class="time" title={`${seconds.toFixed(3)} s`}>
      {duration(seconds)}
    </span>
  );
}

/** How long something has been going on. */
export function Since({ iso }: { iso: string }) {
  return <Duration seconds={Math.max(0, (now.value - Date.parse(iso)) / 1000)} />;
}
