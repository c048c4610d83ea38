// pg-boss. Best: four workers of 1,000 jobs a batch, polling as often as it allows. Fetch: two
// loops of its documented fetch() and complete(). Default: one worker, one job a poll.
"use strict";

const { allQueues, chunks, load, main, options, queue, sleep } = require("./adapter.js");
const loaded = load("pg-boss");
const PgBoss = loaded.PgBoss ?? loaded;

const best = options.config !== "default";
const LOOPS = 2;
const BATCH = 500;

let boss;

async function start(connections, supervise) {
  boss = new PgBoss({
    connectionString: options.dsn,
    ...(best ? { max: connections } : {}),
    supervise,
    schedule: false,
  });
  boss.on("error", () => {});
  await boss.start();
  return boss;
}

async function fetchLoop(name, hit) {
  for (;;) {
    const jobs = (await boss.fetch(name, { batchSize: BATCH })) ?? [];
    for (const job of jobs) hit(job.data);
    if (jobs.length) await boss.complete(name, jobs.map((job) => job.id));
    else await sleep(0.02);
  }
}

main({
  async setup() {
    await start(10, false);
    await boss.createQueue("default");
  },
  async open(clients) {
    await start(Math.max(20, clients), false);
    if (options.queues) for (const name of allQueues()) await boss.createQueue(name);
  },
  create: (job) => boss.send("default", job),
  async fill(jobs) {
    const later = options.delay ? { startAfter: new Date(Date.now() + options.delay * 1000) } : {};
    if (boss.insert.length > 1) {
      // Since version 11 the queue is an argument of its own.
      const byQueue = Map.groupBy
        ? Map.groupBy(jobs, (job) => queue(job.n))
        : new Map([["default", jobs]]);
      for (const [name, some] of byQueue)
        for (const chunk of chunks(some))
          await boss.insert(name, chunk.map((job) => ({ data: job, ...later })));
      return;
    }
    for (const chunk of chunks(jobs))
      await boss.insert(chunk.map((job) => ({ name: queue(job.n), data: job, ...later })));
  },
  async work(hit) {
    await start(20, true);
    if (options.config === "fetch") {
      for (let loop = 0; loop < LOOPS; loop++) fetchLoop("default", hit);
      return;
    }
    const settings = best ? { batchSize: 1000, pollingIntervalSeconds: 0.5 } : {};
    const workers = best && !options.queues ? 4 : 1;
    for (const name of allQueues())
      for (let worker = 0; worker < workers; worker++)
        await boss.work(name, settings, async (jobs) => {
          for (const job of jobs) hit(job.data);
        });
  },
});
