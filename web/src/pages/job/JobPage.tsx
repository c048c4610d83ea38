// Everything about one job.

import { useEffect, useState } from "preact/hooks";
import { Refused, SHARED } from "../../api/client";
import type { Detail, Row, Verb } from "../../api/shapes";
import { on } from "../../api/stream";
import { visible } from "../../core/visible";
import { Copy } from "../../parts/Copy";
import { Empty } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Problem } from "../../parts/Problem";
import { Progress } from "../../parts/Progress";
import { Status } from "../../parts/Status";
import { useKeys } from "../../state/keys";
import { useResource } from "../../state/resource";
import { lastList } from "../../state/route";
import { mayAct } from "../../state/session";
import { watch } from "../../state/watch";
import { Attempts } from "./Attempts";
import { ContentPanel } from "./ContentPanel";
import { Facts } from "./Facts";
import { Failure } from "./Failure";
import { JobActions } from "./JobActions";
import { LogPanel } from "./LogPanel";
import { Timeline } from "./Timeline";

/** What tells the stages of a job's life apart: all but how far it is. */
const stage = (row: Row): string => `${row.status} ${row.attempts} ${row.run_at} ${row.cancelling}`;

export function JobPage({ uid }: { uid: string }) {
  const detail = useResource<Detail>(`jobs/${encodeURIComponent(uid)}`);
  const [latest, setLatest] = useState<Row | null>(null);
  const [isGone, setGone] = useState(false);

  useEffect(() => {
    watch([uid]);
    return () => watch([]);
  }, [uid]);
  useEffect(
    () =>
      on("jobs", ({ changed, newest, gone }) => {
        const row = [...changed, ...newest].find((each) => each.uid === uid);
        if (row !== undefined) setLatest(row);
        if (gone.includes(uid)) setGone(true);
      }),
    [uid],
  );
  // An event has the row; attempts, results and the like are fetched when they may have changed.
  const wanted = latest && stage(latest);
  const known = detail.data.value && stage(detail.data.value.job);
  useEffect(() => {
    if (wanted !== null) detail.reload();
  }, [wanted]);
  // An answer may have been made for somebody else, a moment before the event.
  useEffect(() => {
    if (wanted === null || wanted === known) return undefined;
    const timer = window.setTimeout(detail.reload, SHARED);
    return () => window.clearTimeout(timer);
  }, [wanted, known]);
  useKeys({
    Escape: () => {
      window.location.hash = lastList.value;
    },
  });

  const data = detail.data.value;
  const error = detail.error.value;
  if (isGone || (error instanceof Refused && error.status === 404)) return <Unknown uid={uid} />;
  if (data === null) {
    return (
      <div class="page">
        <Back />
        <Problem error={error} />
        {error === null && <p class="soft">Looking…</p>}
      </div>
    );
  }
  const job = latest !== null && latest.updated_at >= data.job.updated_at ? latest : data.job;
  return (
    <div class="page job-page">
      <Back />
      <Head job={job} verbs={data.actions} onDone={detail.reload} />
      <Problem error={error} />
      <div class="job-columns">
        <div class="job-main">
          <Failure detail={data} job={job} />
          <Timeline detail={data} job={job} />
          <Attempts detail={data} job={job} />
          <LogPanel uid={uid} newest={job.log_id} isLive={job.status === "running"} />
          <ContentPanel title="Payload" content={data.payload} href={whole(uid, "payload")} />
          <ContentPanel title="Result" content={data.result} href={whole(uid, "result")} />
        </div>
        <Facts detail={data} job={job} />
      </div>
    </div>
  );
}

const whole = (uid: string, part: string): string => `api/jobs/${encodeURIComponent(uid)}/${part}`;

function Back() {
  return (
    <a class="back" href={lastList.value}>
      <Icon name="left" size={14} /> Jobs
    </a>
  );
}

interface HeadProps {
  job: Row;
  verbs: readonly Verb[];
  onDone: () => void;
}

function Head({ job, verbs, onDone }: HeadProps) {
  return (
    <header class="job-head">
      <div class="page-head">
        <h1>{visible(job.type)}</h1>
        <Status status={job.status} cancelling={job.cancelling} />
        {mayAct.value && <JobActions uid={job.uid} verbs={verbs} onDone={onDone} />}
      </div>
      <div class="job-uid">
        <code>{job.uid}</code>
        <Copy text={job.uid} label="Copy the uid" />
      </div>
      {job.status === "running" && job.progress !== null && (
        <div class="job-progress" data-status="running">
          <Progress value={job.progress} label="Progress of the job" />
          <span>{Math.round(job.progress * 100)} %</span>
          {job.progress_message && <span class="soft">{job.progress_message}</span>}
        </div>
      )}
    </header>
  );
}

function Unknown({ uid }: { uid: string }) {
  return (
    <div class="page">
      <Back />
      <Empty alone title="There is no such job" code={`steve show ${uid}`}>
        It may have been deleted, or its time in the archive is over. How long jobs are kept is set
        by the retention.
      </Empty>
    </div>
  );
}
