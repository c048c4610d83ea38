// What all adapters of Node peers have in common: the protocol of ../adapter.py and the board of
// ../board.py.
"use strict";

const fs = require("node:fs");

const CHUNK = 1000; // jobs in one call of a bulk API
const HEAD = 8; // slots of a board before those of the jobs
const WRITE_EVERY = 20; // milliseconds between two copies of the board into shared memory

const command = process.argv[2];
const options = JSON.parse(process.argv[3]);

const now = () => Number(process.hrtime.bigint()) / 1e9; // the monotonic clock, as in Python
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const emit = (event, fields = {}) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");
const payload = (n) => ({ n, to: "user@example.com", subject: "Your invoice", pad: "x".repeat(32) });

const queue = (n) => (options.queues ? `q${n % options.queues}` : "default");
const allQueues = () =>
  options.queues ? Array.from({ length: options.queues }, (_, n) => `q${n}`) : ["default"];

function* chunks(jobs) {
  for (let start = 0; start < jobs.length; start += CHUNK) yield jobs.slice(start, start + CHUNK);
}

async function eachOf(jobs, clients, work) {
  const left = jobs.values();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (const job of left) await work(job);
    }),
  );
}

// Node has no shared memory with other programs: the board is copied into its file now and then.
const board = {
  open() {
    const size = fs.statSync(options.board).size / 8;
    this.slots = new Float64Array(size);
    this.file = fs.openSync(options.board, "r+");
    this.written = -1;
    setInterval(() => this.write(), WRITE_EVERY);
  },
  write() {
    const [calls, , , warm] = this.slots;
    if (calls + warm === this.written) return;
    if (options.record) fs.writeSync(this.file, this.slots, HEAD * 8, undefined, HEAD * 8);
    fs.writeSync(this.file, this.slots, 0, HEAD * 8, 0);
    this.written = calls + warm;
  },
  hit({ n }) {
    const { slots } = this;
    if (n < 0) {
      slots[3] += 1;
      return;
    }
    const time = now();
    if (!slots[0]) slots[1] = time;
    slots[2] = time;
    slots[0] += 1;
    if (options.record && !slots[HEAD + n]) slots[HEAD + n] = time;
  },
};

function go() {
  emit("ready");
  return new Promise((done) => process.stdin.once("data", done));
}

async function timed(peer, work) {
  const cpu = process.cpuUsage();
  const began = now();
  await work();
  const seconds = now() - began;
  const used = process.cpuUsage(cpu);
  const note = peer.note ?? "";
  emit("result", { n: options.n, seconds, cpu: (used.user + used.system) / 1e6, note });
}

const commands = {
  async setup(peer) {
    await peer.setup();
    emit("result", { note: peer.note ?? "" });
  },
  async fill(peer) {
    await peer.open(1);
    await peer.fill(Array.from({ length: options.n }, (_, n) => payload(n)));
    emit("result", { note: peer.note ?? "" });
  },
  async bulk(peer) {
    await peer.open(1);
    const jobs = Array.from({ length: options.n }, (_, n) => payload(n));
    await go();
    await timed(peer, () => peer.fill(jobs));
  },
  async create(peer) {
    await peer.open(options.clients);
    const jobs = Array.from({ length: options.n }, (_, n) => payload(n));
    await Promise.all(Array.from({ length: options.clients }, () => peer.create(payload(-1))));
    await go();
    await timed(peer, () => eachOf(jobs, options.clients, (job) => peer.create(job)));
  },
  async paced(peer) {
    await peer.open(options.clients);
    for (let n = 0; n < (options.warm ?? 0); n++) await peer.create(payload(-1));
    const times = new Float64Array(2 * options.n);
    const [shortest, longest] = options.pause;
    await go();
    await timed(peer, async () => {
      let due = now();
      const dues = Array.from(times.slice(0, options.n), () => {
        due += shortest + Math.random() * (longest - shortest);
        return due;
      });
      await eachOf(Array.from(dues.keys()), options.clients, async (n) => {
        const wait = dues[n] - now();
        if (wait > 0.0005) await sleep(wait);
        times[2 * n] = now();
        await peer.create(payload(n));
        times[2 * n + 1] = now();
      });
    });
    fs.writeFileSync(options.times, Buffer.from(times.buffer));
  },
  async worker(peer) {
    board.open();
    for (let copy = 0; copy < (options.copies ?? 1); copy++) await peer.work((job) => board.hit(job));
    await new Promise(() => {});
  },
};

function main(peer) {
  commands[command](peer)
    .then(() => process.stdout.write("", () => process.exit(0)))
    .catch((error) => {
      console.error(error);
      process.stdout.write(
        JSON.stringify({ event: "error", message: String(error) }) + "\n",
        () => process.exit(1),
      );
    });
}

// The packages are not beside this file but in the peer's environment.
const load = (name) => require(require.resolve(name, { paths: [options.packages] }));
const locate = (name) => require("node:path").join(options.packages, "node_modules", name);

module.exports = { allQueues, chunks, eachOf, load, locate, main, options, queue, sleep };
