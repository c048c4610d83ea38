import type { Detail, Row } from "../../api/shapes";
import { href } from "../../core/route";
import { visible } from "../../core/visible";
import { Copy } from "../../parts/Copy";
import { Panel } from "../../parts/Panel";
import { Traceback } from "../../parts/Traceback";

interface Props {
  detail: Detail;
  job: Row;
}

/** Why the last attempt failed: of a job that failed, or is to be tried again. */
export function Failure({ detail, job }: Props) {
  const attempt = detail.attempts.findLast((each) => each.error !== null);
  const error = job.error ?? attempt?.error ?? null;
  if (error === null || job.status === "completed") return null;
  const traceback = attempt?.traceback ?? null;
  const text = traceback ?? `${error.type}: ${error.message}`;
  const same = detail.fingerprint;
  return (
    <Panel
      title="Error"
      note={attempt && `attempt ${attempt.number}`}
      tools={
        <>
          {same !== null && (
            <a
              class="link"
              href={href("jobs", "", new URLSearchParams({ type: job.type, fingerprint: same }))}
            >
              Others like it
            </a>
          )}
          <Copy text={text} label="Copy the error" />
        </>
      }
    >
      <p class="failure">
        <b>{error.type}</b>
        <span>{visible(error.message)}</span>
      </p>
      {traceback !== null && <Traceback text={traceback} />}
    </Panel>
  );
}
