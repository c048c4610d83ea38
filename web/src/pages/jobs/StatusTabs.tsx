import type { JobStatus, StatusCount } from "../../api/shapes";
import type { View } from "../../core/filters";
import { count, short } from "../../core/number";
import { STATUSES } from "../../core/status";
import { Shape } from "../../parts/Status";
import { counts } from "../../state/live";

interface Props {
  view: View;
  onChange: (view: View) => void;
}

/** One status, or several with Ctrl or Shift held down. */
export function StatusTabs({ view, onChange }: Props) {
  const wanted = view.filter.status;
  const choose = (status: JobStatus, more: boolean): void => {
    const has = wanted.includes(status);
    const others = wanted.filter((each) => each !== status);
    const next = more
      ? has
        ? others
        : [...wanted, status]
      : has && others.length === 0
        ? []
        : [status];
    onChange({ ...view, filter: { ...view.filter, status: next } });
  };
  return (
    <fieldset class="status-tabs" aria-label="Status">
      <button
        type="button"
        aria-pressed={wanted.length === 0}
        onClick={() => onChange({ ...view, filter: { ...view.filter, status: [] } })}
      >
        All
      </button>
      {STATUSES.map((status) => (
        <button
          key={status}
          type="button"
          data-status={status}
          aria-pressed={wanted.includes(status)}
          onClick={(event) => choose(status, event.ctrlKey || event.metaKey || event.shiftKey)}
        >
          <Shape status={status} />
          {status}
          <HowMany of={counts.value.get(status)} />
        </button>
      ))}
    </fieldset>
  );
}

/** How many there are, and whether that is known or guessed. */
function HowMany({ of }: { of: StatusCount | undefined }) {
  if (of === undefined) return null;
  const sign = of.at_least ? "+" : "";
  const title = of.exact
    ? count(of.count)
    : of.at_least
      ? `At least ${count(of.count)}`
      : `About ${count(of.count)}: an estimate`;
  return (
    <span class="number" title={title}>
      {!of.exact && !of.at_least && "~"}
      {short(of.count)}
      {sign}
    </span>
  );
}
