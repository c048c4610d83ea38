import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { AttemptRow, Detail, Row } from "../../api/shapes";
import { waits } from "../../core/timeline";
import { visible } from "../../core/visible";
import { Copy } from "../../parts/Copy";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { Status } from "../../parts/Status";
import { Duration, MaybeTime, Since } from "../../parts/Time";
import { Traceback } from "../../parts/Traceback";

/** Each start of the job, the last one first. */
export function Attempts({ detail, job }: { detail: Detail; job: Row }) {
  const { attempts } = detail;
  const waited = waits(detail, job);
  if (attempts.length === 0) return null;
  return (
    <Panel title="Attempts" note={attempts.length} flush>
      <div class="panel-scroll">
        <table class="plain attempts" aria-label="Attempts">
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">Outcome</th>
              <th scope="col" class="number">
                Waited
              </th>
              <th scope="col">Started</th>
              <th scope="col" class="number">
                Took
              </th>
              <th scope="col" class="number">
                Worker
              </th>
              <th scope="col">Error</th>
            </tr>
          </thead>
          <tbody>
            {attempts.toReversed().map((attempt) => (
              <AttemptLines
                key={attempt.number}
                attempt={attempt}
                waited={waited.get(attempt.number) ?? null}
              />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

interface LinesProps {
  attempt: AttemptRow;
  /** Seconds since the job was created, or since the attempt before. */
  waited: number | null;
}

function AttemptLines({ attempt, waited }: LinesProps) {
  const [open, setOpen] = useState(false);
  const { error, traceback } = attempt;
  return (
    <Fragment>
      <tr>
        <td class="faint">{attempt.number}</td>
        <td>
          <Status status={attempt.status} />
        </td>
        <td class="number">
          <Duration seconds={waited} />
        </td>
        <td>
          <MaybeTime iso={attempt.started_at} />
        </td>
        <td class="number">
          {attempt.status === "running" && attempt.started_at !== null ? (
            <Since iso={attempt.started_at} />
          ) : (
            <Duration seconds={attempt.duration} />
          )}
        </td>
        <td class="number">{attempt.worker ?? <span class="faint">–</span>}</td>
        <td class="attempt-error">
          {error !== null && (
            <button
              type="button"
              aria-expanded={open}
              disabled={traceback === null}
              onClick={() => setOpen(!open)}
            >
              {traceback !== null && <Icon name={open ? "down" : "right"} size={11} />}
              <span>
                <b>{error.type}</b> {visible(error.message)}
              </span>
            </button>
          )}
        </td>
      </tr>
      {open && traceback !== null && (
        <tr>
          <td colSpan={7} class="attempt-traceback">
            <Copy text={traceback} label={`Copy the traceback of attempt ${attempt.number}`} />
            <Traceback text={traceback} />
          </td>
        </tr>
      )}
    </Fragment>
  );
}
