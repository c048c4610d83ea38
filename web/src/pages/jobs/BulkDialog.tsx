import { useEffect, useMemo } from "preact/hooks";
import type { Verb } from "../../api/shapes";
import { count, plural } from "../../core/number";
import { VERBS } from "../../core/verbs";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { Problem } from "../../parts/Problem";
import { Progress } from "../../parts/Progress";
import { Bulk, type Target } from "./bulk";

interface Props {
  verb: Verb;
  target: Target;
  /** Brings up to date what shows the jobs. */
  settle: () => Promise<void>;
  onClose: () => void;
}

/** Say how many jobs it is about, then do it and show how far it is. */
export function BulkDialog({ verb, target, settle, onClose }: Props) {
  const bulk = useMemo(() => new Bulk(verb, target, settle), []);
  useEffect(() => {
    void bulk.look();
    return () => bulk.stop();
  }, []);
  const words = VERBS[verb];
  return (
    <Dialog title={title(bulk)} onClose={onClose}>
      <p class="soft">{words.meaning}</p>
      <Course bulk={bulk} />
      <Problem error={bulk.error.value} />
      <Foot bulk={bulk} onClose={onClose} />
    </Dialog>
  );
}

function title(bulk: Bulk): string {
  const words = VERBS[bulk.verb];
  const jobs = plural(bulk.count.value, "job");
  switch (bulk.phase.value) {
    case "counting":
      return `${words.text} jobs: counting…`;
    case "counted":
      return bulk.atLeast.value ? `${words.text} more than ${jobs}?` : `${words.text} ${jobs}?`;
    case "working":
      return `${words.text}: ${count(bulk.changed.value)} of ${jobs}`;
    default:
      return `${plural(bulk.changed.value, "job")} ${words.past}`;
  }
}

function Course({ bulk }: { bulk: Bulk }) {
  switch (bulk.phase.value) {
    case "counting":
      return <p aria-live="polite">{count(bulk.count.value)} so far</p>;
    case "counted":
      return "filter" in bulk.target ? (
        <p>All that match the filter, on the screen or not, as far as their status allows.</p>
      ) : null;
    case "working":
      return <Progress value={Math.min(1, bulk.changed.value / Math.max(1, bulk.count.value))} />;
    default:
      return (
        <p>
          {bulk.phase.value === "stopped" && "It was stopped. What was done stays done. "}
          {bulk.missed.value > 0 &&
            `${plural(bulk.missed.value, "job")} could not be: the status does not allow it.`}
        </p>
      );
  }
}

function Foot({ bulk, onClose }: { bulk: Bulk; onClose: () => void }) {
  const phase = bulk.phase.value;
  const words = VERBS[bulk.verb];
  if (phase === "done" || phase === "stopped") {
    return (
      <div class="dialog-foot">
        <Button kind="main" focused onClick={onClose}>
          Close
        </Button>
      </div>
    );
  }
  if (phase === "working") {
    return (
      <div class="dialog-foot">
        <Button onClick={() => bulk.stop()}>Stop</Button>
        {/* In its place, the second click of a double one hits nothing. */}
        <Button kind="main" disabled onClick={() => {}}>
          {words.text}
        </Button>
      </div>
    );
  }
  return (
    <div class="dialog-foot">
      <Button onClick={onClose}>Back</Button>
      <Button
        kind="main"
        focused={bulk.verb !== "delete"}
        disabled={phase === "counting" || bulk.count.value === 0}
        onClick={() => void bulk.run()}
      >
        {words.text}
      </Button>
    </div>
  );
}
