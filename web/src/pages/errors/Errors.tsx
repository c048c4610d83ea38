// What goes wrong, grouped: the same exception from the same place of the same type of job is one.

import { useRef, useState } from "preact/hooks";
import type { Errors as Answer, ErrorRow, Filter } from "../../api/shapes";
import { EVERYTHING, toQuery } from "../../core/filters";
import { count } from "../../core/number";
import { href } from "../../core/route";
import { duration } from "../../core/time";
import { visible } from "../../core/visible";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { Problem } from "../../parts/Problem";
import { Segments } from "../../parts/Segments";
import { Bars } from "../../parts/Sparkline";
import { Time } from "../../parts/Time";
import { useKeys } from "../../state/keys";
import { useListKeys } from "../../state/listKeys";
import { useResource } from "../../state/resource";
import { mayAct } from "../../state/session";
import { oneOf, setting } from "../../state/settings";
import { BulkDialog } from "../jobs/BulkDialog";

const WINDOWS = ["1h", "24h", "7d"] as const;
type Window = (typeof WINDOWS)[number];
const SECONDS: Readonly<Record<Window, number>> = { "1h": 3_600, "24h": 86_400, "7d": 604_800 };
const EVERY = 10;

const chosen = setting<Window>("errors", "24h", oneOf(...WINDOWS));

export function Errors() {
  const seconds = SECONDS[chosen.value];
  const errors = useResource<Answer>(
    "errors",
    new URLSearchParams({ seconds: String(seconds) }),
    EVERY,
  );
  const [asked, setAsked] = useState<ErrorRow | null>(null);
  const list = useRef<HTMLUListElement>(null);
  useListKeys(list);
  const data = errors.data.value;
  useKeys({
    r: () => {
      const item = document.activeElement?.closest("li")?.dataset["group"];
      const group = data?.groups.find((each) => key(each) === item);
      if (group !== undefined && mayAct.value) setAsked(group);
    },
  });
  return (
    <div class="page">
      <div class="page-head">
        <h1>Errors</h1>
        <div class="tools">
          <Segments
            label="Window"
            options={WINDOWS.map((each) => [each, each] as const)}
            value={chosen.value}
            onChange={(next) => {
              chosen.value = next;
            }}
          />
        </div>
      </div>
      <Problem error={errors.error.value} />
      {data !== null && !data.complete && (
        <p class="soft">
          There are more failures than are looked at: these are the newest, since{" "}
          <Time iso={data.since} />.
        </p>
      )}
      {data?.groups.length === 0 && (
        <Empty
          title="Nothing has failed"
          code={"for group in await jobs.errors(since=86400):\n    print(group.type, group.count)"}
        >
          In the last {duration(seconds)} every job went well, or is still being tried.
        </Empty>
      )}
      <ul class="errors" ref={list}>
        {data?.groups.map((group) => (
          <Group
            key={key(group)}
            group={group}
            width={data.width}
            onRetry={() => setAsked(group)}
          />
        ))}
      </ul>
      {asked && (
        <BulkDialog
          verb="retry"
          target={{ filter: failures(asked) }}
          settle={async () => errors.reload()}
          onClose={() => setAsked(null)}
        />
      )}
    </div>
  );
}

const key = (group: ErrorRow): string => `${group.fingerprint} ${group.type}`;

/** The jobs that have failed like this. Others that did so once were cancelled since, by somebody
 * who does not want them to start again. */
const failures = ({ type, fingerprint }: ErrorRow): Filter => ({
  ...EVERYTHING,
  status: ["failed"],
  type: [type],
  fingerprint,
});

interface GroupProps {
  group: ErrorRow;
  /** Seconds that each bar stands for. */
  width: number;
  onRetry: () => void;
}

function Group({ group, width, onRetry }: GroupProps) {
  const same = toQuery({ filter: failures(group), sort: "newest" });
  return (
    <li class="panel error" data-testid="error-group" data-group={key(group)}>
      <div class="error-what">
        <p class="error-title">
          <a data-item href={href("jobs", "", same)}>
            <b>{group.error.type}</b> in {visible(group.type)}
          </a>
        </p>
        <p class="error-message" title={group.error.message}>
          {visible(group.error.message)}
        </p>
        <p class="error-when faint">
          last <Time iso={group.last_at} /> · first <Time iso={group.first_at} /> ·{" "}
          <a class="link" href={href("job", group.uid)}>
            latest job
          </a>
        </p>
      </div>
      <figure class="error-course">
        <Bars values={group.counts} />
        <figcaption class="visually-hidden">
          {group.counts.join(", ")} failures, for each {duration(width)}
        </figcaption>
      </figure>
      <div class="error-count">
        <b>{count(group.count)}</b>
        <span class="soft">failed</span>
        {group.retrying !== null && group.retrying > 0 && (
          <span class="soft" title="Jobs that failed like this and are to be tried again">
            {count(group.retrying)} retrying
          </span>
        )}
      </div>
      {mayAct.value && (
        <Button icon="retry" onClick={onRetry}>
          Retry all
        </Button>
      )}
    </li>
  );
}
