// The frame around the pages: where one can go, whether events come, what the viewer has chosen.

import { useEffect, useState } from "preact/hooks";
import { hurry, stream } from "./api/stream";
import { short } from "./core/number";
import { href } from "./core/route";
import icon from "./icon.svg";
import { Errors } from "./pages/errors/Errors";
import { JobPage } from "./pages/job/JobPage";
import { Jobs } from "./pages/jobs/Jobs";
import { Overview } from "./pages/overview/Overview";
import { Queues } from "./pages/queues/Queues";
import { Workers } from "./pages/workers/Workers";
import { Button } from "./parts/Button";
import { Empty } from "./parts/Empty";
import { Help } from "./parts/Help";
import { Icon, type IconName } from "./parts/Icon";
import { Notices } from "./parts/Notices";
import { Problem } from "./parts/Problem";
import { useKeys } from "./state/keys";
import { counts, pulse, trouble } from "./state/live";
import { go, route } from "./state/route";
import { refusal, session } from "./state/session";
import { type Theme, theme, times } from "./state/settings";

const PAGES: readonly (readonly [page: IconName & string, text: string, key: string])[] = [
  ["overview", "Overview", "o"],
  ["jobs", "Jobs", "j"],
  ["queues", "Queues", "q"],
  ["workers", "Workers", "w"],
  ["errors", "Errors", "e"],
];

const THEMES: readonly Theme[] = ["system", "light", "dark"];
const THEME_ICONS: Readonly<Record<Theme, IconName>> = {
  system: "system",
  light: "sun",
  dark: "moon",
};

function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
}

function toggleTimes(): void {
  times.value = times.value === "relative" ? "absolute" : "relative";
}

export function App() {
  const [help, setHelp] = useState(false);
  useKeys({
    ...Object.fromEntries(PAGES.map(([page, , key]) => [`g ${key}`, () => go(page)])),
    t: nextTheme,
    a: toggleTimes,
    "?": () => setHelp(true),
  });
  const { page, rest } = route.value;
  const title = session.value?.title ?? "steve";
  useEffect(() => {
    const name = PAGES.find(([each]) => each === page)?.[1] ?? "Job";
    document.title = `${name} · ${title}`;
  }, [page, title]);
  // The list of jobs sees to that itself: it may be gone back to.
  useEffect(() => {
    if (page !== "jobs") window.scrollTo(0, 0);
  }, [page, rest]);

  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to content
      </button>
      <Side title={title} onHelp={() => setHelp(true)} />
      <main class="main" id="main" tabIndex={-1}>
        <Banner />
        {refusal.value === null ? <Page /> : <Refusal error={refusal.value} />}
      </main>
      <Notices />
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}

function Refusal({ error }: { error: Error }) {
  return (
    <div class="page">
      <Problem error={error} />
    </div>
  );
}

function Page() {
  const { page, rest } = route.value;
  switch (page) {
    case "overview":
      return <Overview />;
    case "jobs":
      return <Jobs />;
    case "job":
      return <JobPage uid={rest} key={rest} />;
    case "queues":
      return <Queues />;
    case "workers":
      return <Workers />;
    case "errors":
      return <Errors />;
    default:
      return (
        <div class="page">
          <Empty alone title="There is no such page">
            <a class="link" href={href("overview")}>
              Go to the overview
            </a>
          </Empty>
        </div>
      );
  }
}

function Side({ title, onHelp }: { title: string; onHelp: () => void }) {
  const current = route.value.page === "job" ? "jobs" : route.value.page;
  return (
    <header class="side">
      <div class="brand">
        <img src={icon} alt="" />
        <span>{title}</span>
      </div>
      <nav class="pages" aria-label="Pages">
        {PAGES.map(([page, text, key]) => (
          <a
            key={page}
            href={href(page)}
            aria-current={page === current ? "page" : undefined}
            title={`${text} · keys g ${key}`}
          >
            <Icon name={page} />
            <span>{text}</span>
            <Tally page={page} />
          </a>
        ))}
      </nav>
      <div class="side-foot">
        <div class="pulse" data-stream={stream.value}>
          <span class="pulse-dot" />
          <span class="pulse-text">{STREAM_WORDS[stream.value]}</span>
        </div>
        <div class="side-tools">
          <Button
            kind="quiet"
            icon={THEME_ICONS[theme.value]}
            label={`Colours: ${theme.value}`}
            hotkey="t"
            onClick={nextTheme}
          />
          <Button
            kind="quiet"
            icon="clock"
            label={times.value === "relative" ? "Times: ages" : "Times: by the clock"}
            hotkey="a"
            onClick={toggleTimes}
          />
          <span class="desk">
            <Button kind="quiet" icon="keyboard" label="Keys" hotkey="?" onClick={onHelp} />
          </span>
        </div>
      </div>
    </header>
  );
}

const STREAM_WORDS = { opening: "Connecting", open: "Live", lost: "Not connected" } as const;

/** What matters most about a page, beside its name. */
function Tally({ page }: { page: string }) {
  const whole = pulse.value;
  if (whole === null) return null;
  const paused = whole.queues.filter((queue) => queue.paused).length;
  switch (page) {
    case "jobs": {
      const running = counts.value.get("running")?.count ?? 0;
      return running > 0 ? <span class="tally">{short(running)} running</span> : null;
    }
    case "queues":
      return paused > 0 ? (
        <span class="tally" data-status="warning">
          {paused} paused
        </span>
      ) : null;
    case "workers":
      return <span class="tally">{short(whole.workers.length)}</span>;
    default:
      return null;
  }
}

function Banner() {
  if (trouble.value !== null) {
    return (
      <div class="banner" role="status">
        <span>{trouble.value}</span>
      </div>
    );
  }
  if (stream.value !== "lost") return null;
  return (
    <div class="banner" role="status">
      <span>The connection is lost. What you see may be out of date; it is tried again.</span>
      <button type="button" class="link" onClick={hurry}>
        Try now
      </button>
    </div>
  );
}
