import { useEffect, useMemo, useRef } from "preact/hooks";
import type { LogLine } from "../../api/shapes";
import { complete } from "../../core/time";
import { visible } from "../../core/visible";
import { Copy } from "../../parts/Copy";
import { Panel } from "../../parts/Panel";
import { Problem } from "../../parts/Problem";
import { JobLog } from "./log";

interface Props {
  uid: string;
  /** The newest line that there is said to be. */
  newest: number | null;
  isLive: boolean;
}

const AT_THE_END = 24;

/** What the handler has logged, as it comes. */
export function LogPanel({ uid, newest, isLive }: Props) {
  const log = useMemo(() => new JobLog(uid), [uid]);
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    if (newest !== null) void log.catchUp(newest);
  }, [newest, log]);
  const lines = log.lines.value;
  useEffect(() => {
    const element = box.current;
    if (element !== null && follows.current && isLive) element.scrollTop = element.scrollHeight;
  }, [lines]);
  if (newest === null && lines.length === 0) return null;
  const onScroll = (): void => {
    const element = box.current;
    if (element === null) return;
    follows.current = element.scrollHeight - element.scrollTop - element.clientHeight < AT_THE_END;
  };
  const attempts = new Set(lines.map((line) => line.attempt)).size;
  return (
    <Panel
      title="Log"
      note={`${lines.length} line${lines.length === 1 ? "" : "s"}`}
      tools={<Copy text={lines.map(asText).join("\n")} label="Copy the log" />}
      flush
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by key */}
      <div class="log" role="log" aria-label="Log" tabIndex={0} ref={box} onScroll={onScroll}>
        {lines.map((line, index) => (
          <Line
            key={line.id}
            line={line}
            begins={attempts > 1 && line.attempt !== lines[index - 1]?.attempt}
          />
        ))}
      </div>
      <Problem error={log.error.value} />
    </Panel>
  );
}

const LEVELS: readonly (readonly [from: number, name: string])[] = [
  [50, "critical"],
  [40, "error"],
  [30, "warning"],
  [20, "info"],
  [10, "debug"],
];

const level = (number: number): string =>
  LEVELS.find(([from]) => number >= from)?.[1] ?? String(number);

const asText = (line: LogLine): string =>
  `${line.at} ${level(line.level).toUpperCase()} ${line.message}`;

function Line({ line, begins }: { line: LogLine; begins: boolean }) {
  const moment = complete(Date.parse(line.at));
  return (
    <>
      {begins && <div class="log-attempt">Attempt {line.attempt}</div>}
      <div class="log-line" data-level={level(line.level)}>
        <time dateTime={line.at} title={moment}>
          {moment.slice(11, 23)}
        </time>
        <span class="log-level">{level(line.level)}</span>
        <span class="log-message">{visible(line.message)}</span>
      </div>
    </>
  );
}
