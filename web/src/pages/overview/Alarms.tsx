import type { Alarm, Overview } from "../../api/shapes";
import { Icon } from "../../parts/Icon";
import { Time } from "../../parts/Time";

const WORDS: Readonly<Record<Alarm["status"], string>> = {
  error: "Error",
  warning: "Warning",
  unknown: "Unknown",
};

/** That nothing is wrong, where nothing is. */
export function Healthy({ overview }: { overview: Overview }) {
  const { alarms, checked_at } = overview;
  if (checked_at === null || alarms.length > 0) return null;
  return (
    <p class="healthy">
      <Icon name="check" size={14} />
      All checks pass
      <span class="faint">
        <Time iso={checked_at} />
      </span>
    </p>
  );
}

/** What is wrong, and what to do about it: what `steve doctor` would say. */
export function Alarms({ overview: { alarms } }: { overview: Overview }) {
  if (alarms.length === 0) return null;
  return (
    <ul class="alarms" aria-label="Alarms">
      {alarms.map((alarm) => (
        <li key={`${alarm.check} ${alarm.found}`} data-status={alarm.status}>
          <Icon name="errors" />
          <div>
            <p>
              <b>{WORDS[alarm.status]}</b> {alarm.found}
            </p>
            <p class="soft">{alarm.remedy}</p>
          </div>
          <code class="faint">{alarm.check}</code>
        </li>
      ))}
    </ul>
  );
}
