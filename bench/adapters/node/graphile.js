// graphile-worker. Best: the configuration of its own performance test. Default: what run() does.
"use strict";

const { chunks, load, main, options } = require("./adapter.js");
const { Logger, makeWorkerUtils, run } = load("graphile-worker");

const connectionString = options.dsn;
const logger = new Logger(() => () => {});
const best = options.config !== "default";
const later = () => (options.delay ? { runAt: new Date(Date.now() + options.delay * 1000) } : {});

const tuned = {
  preset: {
    worker: {
      connectionString,
      concurrentJobs: 24,
      maxPoolSize: 25,
      localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  },
};

let utils;

main({
  async open(clients) {
    utils = await makeWorkerUtils({ connectionString, logger, maxPoolSize: Math.max(10, clients) });
  },
  async setup() {
    await this.open(1);
    await utils.migrate();
  },
  create: (job) => utils.addJob("noop", job),
  async fill(jobs) {
    for (const chunk of chunks(jobs)) {
      const specs = chunk.map((job) => ({ identifier: "noop", payload: job, ...later() }));
      await utils.addJobs(specs);
    }
  },
  async work(hit) {
    const taskList = { noop: async (job) => hit(job) };
    const settings = { connectionString, logger, noHandleSignals: true, taskList };
    await run({ ...settings, ...(best ? tuned : {}) });
  },
});
