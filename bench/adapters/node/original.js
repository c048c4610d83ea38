// @marianmeres/steve, the original. Best: 16 processors, polling every 50 ms, 20 connections.
"use strict";

const { eachOf, load, locate, main, options } = require("./adapter.js");
const pg = load("pg");

const best = options.config !== "default";
const TOGETHER = 20;
const quiet = Object.fromEntries(
  ["debug", "log", "warn", "error", "info"].map((level) => [level, () => {}]),
);

let jobs;

async function open(connections, hit) {
  const { Jobs } = await import(locate("@marianmeres/steve/dist/mod.js"));
  jobs = new Jobs({
    db: new pg.Pool({ connectionString: options.dsn, max: connections }),
    logger: quiet,
    ...(best ? { pollTimeoutMs: 50 } : {}),
    jobHandler: async (job) => hit?.(job.payload),
  });
}

const later = () => (options.delay ? { run_at: new Date(Date.now() + options.delay * 1000) } : {});

main({
  note: "no bulk API: 20 concurrent create()",
  open: (clients) => open(Math.max(TOGETHER, clients)),
  async setup() {
    await open(10);
    await jobs.resetHard?.();
    await jobs.create("warm-up", {});
    await jobs.resetHard?.();
  },
  create: (job) => jobs.create("noop", job, later()),
  async fill(all) {
    await eachOf(all, TOGETHER, (job) => this.create(job));
  },
  async work(hit) {
    await open(best ? 20 : 10, hit);
    await (best ? jobs.start(16) : jobs.start());
  },
});
