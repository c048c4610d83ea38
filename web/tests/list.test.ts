import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Row } from "../src/api/shapes";
import { fromQuery } from "../src/core/filters";
import { JobList } from "../src/pages/jobs/list";

const row = (id: number, status: Row["status"], second: number): Row =>
  ({ id, uid: `uid-${id}`, status, updated_at: `2026-05-01T08:00:0${second}Z` }) as Row;

describe("the list of jobs", () => {
  let answer: Row[] = [];
  const list = new JobList();
  const shown = () => list.rows.value.map(({ id, status }) => `${id} ${status}`);
  const event = (newest: Row[], changed: Row[] = []) => list.receive({ newest, changed, gone: [] });

  beforeEach(async () => {
    vi.stubGlobal("fetch", async () => Response.json({ jobs: answer, next: null, complete: true }));
    answer = [row(2, "running", 1), row(1, "completed", 1)];
    await list.load(fromQuery(new URLSearchParams()));
  });

  it("keeps what it shows when new ones come", () => {
    event([row(3, "pending", 2)]);
    expect(list.fresh.value).toBe(1);
    list.show();
    event([row(4, "pending", 3)], [row(2, "completed", 3)]);
    list.show();
    expect(shown()).toEqual(["4 pending", "3 pending", "2 completed", "1 completed"]);
  });

  it("recovers from a first look that failed", async () => {
    const [first, last] = [row(2, "running", 1), row(1, "completed", 1)];
    const recovering = new JobList();
    vi.stubGlobal("fetch", async () => Response.json({ detail: "away" }, { status: 503 }));
    await recovering.load(fromQuery(new URLSearchParams()));
    expect(recovering.error.value?.message).toBe("away");
    recovering.receive({ newest: [last], changed: [], gone: [] });
    recovering.show();
    const page = { jobs: [first, last], next: "cursor", complete: true };
    vi.stubGlobal("fetch", async () => Response.json(page));
    await recovering.refresh();
    expect(recovering.error.value).toBeNull();
    expect(recovering.rows.value).toEqual([first, last]);
    expect(recovering.next.value).toBe("cursor");
  });

  it("shows nothing that is older than what it has shown", async () => {
    await list.refresh();
    event([], [row(2, "completed", 2)]);
    event([row(3, "pending", 3)]);
    list.show();
    expect(shown()).toEqual(["3 pending", "2 completed", "1 completed"]);
  });

  it("loses nothing that came while it was asking", async () => {
    const asked = list.load(fromQuery(new URLSearchParams()));
    event([row(4, "pending", 3)]);
    event([row(5, "pending", 3)]);
    await asked;
    list.show();
    expect(shown()).toEqual(["5 pending", "4 pending", "2 running", "1 completed"]);
  });

  it("keeps what is newer than an answer that was made for somebody else", async () => {
    event([row(3, "pending", 2)]);
    await list.refresh();
    list.show();
    expect(shown()).toEqual(["3 pending", "2 running", "1 completed"]);
  });
});
