import { useState } from "preact/hooks";
import type { Alarm, Overview } from "../../api/shapes";
import { visible } from "../../core/visible";
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

const MOST = 4;

/** What is wrong, and what to do about it: what `steve doctor` would say. */
export function Alarms({ overview: { alarms } }: { overview: Overview }) {
  const [all, setAll] = useState(false);
  if (alarms.length === 0) return null;
  const shown = all ? alarms : alarms.slice(0, MOST);
  const rest = alarms.length - shown.length;
  return (
    <ul class="alarms" aria-label="Alarms">
      {shown.map((alarm) => (
        <li key={`${alarm.check} ${alarm.found}`} data-status={alarm.status}>
          <Icon name="errors" />
          <div>
            <p>
              <b>{WORDS[alarm.status]}</b> <Prose text={alarm.found} />
            </p>
            <p class="soft">
              <Prose text={alarm.remedy} />
            </p>
          </div>
          <code class="faint">{alarm.check}</code>
        </li>
      ))}
      {rest > 0 && (
        <li data-status="unknown">
          <button type="button" class="link" onClick={() => setAll(true)}>
            {rest} more
          </button>
        </li>
      )}
    </ul>
  );
}

/** A sentence in which code stands between backticks. */
function Prose({ text }: { text: string }) {
  return (
    <>
      {visible(text)
        .split("`")
        .map((part, index) =>
          index % 2 === 1 ? <code key={index}>{part}</code> : <span key={index}>{part}</span>,
        )}
    </>
  );
}
