import { describe, expect, it } from "vitest";
import type { Row } from "../src/api/shapes";
import { EVERYTHING, fromQuery, matches, toQuery } from "../src/core/filters";
import { href, parse } from "../src/core/route";
import { read } from "../src/core/search";
import { within } from "../src/core/status";

describe("a view in the address", () => {
  it("survives the way there and back", () => {
    const query = new URLSearchParams(
      "status=failed&status=expired&type=a%26b&queue=q&tag=x&error=no%20way&path=%24.a&sort=oldest",
    );
    expect(toQuery(fromQuery(query)).toString()).toBe(query.toString());
  });

  it("survives the address bar", () => {
    const path = '$.** ? (@ like_regex "a?b#c" flag "iq")';
    const address = href("jobs", "", new URLSearchParams({ path }));
    expect(fromQuery(parse(address).query).filter.path).toBe(path);
  });

  it("ignores what it does not know", () => {
    const view = fromQuery(new URLSearchParams("status=odd&sort=up&tag=&x=1"));
    expect(view).toEqual({ filter: EVERYTHING, sort: "newest" });
  });
});

describe("a row", () => {
  const row = {
    status: "failed",
    type: "mail",
    queue: "slow",
    tags: ["a"],
    error: { type: "TimeoutError", message: "After 5 s" },
    created_at: "2026-05-01T12:00:00Z",
  } as Row;

  it.each([
    [{ status: ["failed" as const] }, true],
    [{ status: ["pending" as const] }, false],
    [{ type: ["mail", "other"], queue: ["slow"] }, true],
    [{ queue: ["fast"] }, false],
    [{ tag: "a" }, true],
    [{ tag: "b" }, false],
    [{ error: "after 5" }, true],
    [{ error: "before" }, false],
    [{ since: "2026-05-01T13:00:00+01:00" }, true],
    [{ until: "2026-05-01T12:00:00Z" }, false],
  ])("against %j: %s", (part, expected) => {
    expect(matches({ ...EVERYTHING, ...part }, row)).toBe(expected);
  });
});

describe("the search box", () => {
  it("knows a uid", () => {
    const uid = "0199A3C4-0000-7000-8000-0123456789AB";
    expect(read(` ${uid} `)).toEqual({ kind: "uid", uid: uid.toLowerCase() });
  });

  it("leaves a path as it is", () => {
    expect(read("$.a ? (@ > 1)")).toEqual({ kind: "path", path: "$.a ? (@ > 1)" });
  });

  it("looks for words anywhere, whatever is in them", () => {
    expect(read('a"b\\')).toEqual({
      kind: "path",
      path: '$.** ? (@ like_regex "a\\"b\\\\" flag "iq")',
    });
  });

  it("looks for numbers as such, too", () => {
    expect(read("-4.5")).toEqual({
      kind: "path",
      path: '$.** ? (@ == -4.5 || @ like_regex "-4.5" flag "iq")',
    });
    expect(read("007")).toMatchObject({ path: '$.** ? (@ like_regex "007" flag "iq")' });
  });

  it("takes nothing for nothing", () => {
    expect(read("  ")).toBeNull();
  });
});

describe("what a verb can be applied to", () => {
  it("is what was asked for, as far as its status allows", () => {
    expect(within("retry", ["failed", "running"])).toEqual(["failed"]);
    expect(within("cancel", ["failed"])).toEqual([]);
    expect(within("delete", [])).not.toContain("running");
  });
});
