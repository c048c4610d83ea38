import { count } from "../core/number";

interface Props {
  running: number;
  concurrency: number;
}

/** How many of a worker's handlers are at work. */
export function Load({ running, concurrency }: Props) {
  const share = concurrency === 0 ? 0 : Math.min(1, running / concurrency);
  return (
    <span class="load" data-status="running">
      <span class="progress" aria-hidden="true">
        <i style={{ width: `${share * 100}%` }} />
      </span>
      {count(running)}
      <span class="faint"> / {count(concurrency)}</span>
    </span>
  );
}
