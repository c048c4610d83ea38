import { expect, it, vi } from "vitest";
import type { Log, LogLine } from "../src/api/shapes";
import { JobLog } from "../src/pages/job/log";

const line = (id: number): LogLine => ({ id, message: `line ${id}` }) as LogLine;

/** A server that has the lines up to `newest`, and answers when it is told to. */
class Server {
  newest = 0;
  asked = 0;
  private readonly waiting: (() => void)[] = [];

  constructor() {
    vi.stubGlobal("fetch", async (path: string) => {
      this.asked += 1;
      const after = Number(new URL(path, "http://monitor").searchParams.get("after"));
      const lines = Array.from({ length: this.newest - after }, (_, at) => line(after + at + 1));
      await new Promise<void>((answer) => this.waiting.push(answer));
      const log: Log = { lines: lines.slice(0, 2), next: after, more: lines.length > 2 };
      return Response.json({ ...log, next: log.lines.at(-1)?.id ?? after });
    });
  }

  async answer(): Promise<void> {
    await vi.waitFor(() => expect(this.waiting.length).toBe(1));
    this.waiting.shift()?.();
  }
}

const ids = (log: JobLog) => log.lines.value.map(({ id }) => id);

it("fetches a line that it is told of while it fetches", async () => {
  const server = new Server();
  const log = new JobLog("uid");
  server.newest = 1;
  const done = log.catchUp(1);
  server.newest = 2;
  await log.catchUp(2);
  await server.answer();
  await server.answer();
  await done;
  expect(ids(log)).toEqual([1, 2]);
  expect(server.asked).toBe(2);
});

it("fetches many lines a part at a time", async () => {
  const server = new Server();
  const log = new JobLog("uid");
  server.newest = 5;
  const done = log.catchUp(5);
  for (let part = 0; part < 3; part += 1) await server.answer();
  await done;
  expect(ids(log)).toEqual([1, 2, 3, 4, 5]);
});

it("gives up on a line that does not come", async () => {
  const server = new Server();
  const log = new JobLog("uid");
  const done = log.catchUp(1);
  await server.answer();
  await done;
  expect(server.asked).toBe(1);
});
