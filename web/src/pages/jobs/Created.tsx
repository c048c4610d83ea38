import { duration, fromLocalInput, toLocalInput } from "../../core/time";
import { Pop } from "../../parts/Pop";
import { exactly } from "../../state/clock";

interface Span {
  since: string | null;
  until: string | null;
}

interface Props extends Span {
  onChange: (span: Span) => void;
}

const LAST: readonly number[] = [300, 3_600, 21_600, 86_400, 604_800];

/** When the jobs were created: the last minutes or days, or from one time to another. */
export function Created({ since, until, onChange }: Props) {
  const last = (seconds: number): void =>
    onChange({ since: new Date(exactly() - seconds * 1000).toISOString(), until: null });
  return (
    <Pop text={words(since, until)} label="Created" on={since !== null || until !== null}>
      {(close) => (
        <>
          <button
            type="button"
            class="option"
            onClick={() => {
              onChange({ since: null, until: null });
              close();
            }}
          >
            Any time
          </button>
          {LAST.map((seconds) => (
            <button
              key={seconds}
              type="button"
              class="option"
              onClick={() => {
                last(seconds);
                close();
              }}
            >
              Last {duration(seconds)}
            </button>
          ))}
          <hr />
          <label class="when">
            From
            <input
              type="datetime-local"
              value={toLocalInput(since)}
              onChange={(event) =>
                onChange({ since: fromLocalInput(event.currentTarget.value), until })
              }
            />
          </label>
          <label class="when">
            Until
            <input
              type="datetime-local"
              value={toLocalInput(until)}
              onChange={(event) =>
                onChange({ since, until: fromLocalInput(event.currentTarget.value) })
              }
            />
          </label>
        </>
      )}
    </Pop>
  );
}

function words(since: string | null, until: string | null): string {
  if (since === null && until === null) return "Any time";
  const shown = (iso: string): string => toLocalInput(iso).replace("T", " ");
  if (since !== null && until !== null) return `${shown(since)} – ${shown(until)}`;
  return since !== null ? `Since ${shown(since)}` : `Until ${shown(until ?? "")}`;
}
