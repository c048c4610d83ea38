import { describe, expect, it } from "vitest";
import { isBranch, type Node, parse } from "../src/core/json";

/** What JSON.parse would say, for values without cuts. */
function plain(node: Node): unknown {
  if (node.kind === "string") return node.text;
  if (!isBranch(node)) return JSON.parse(node.text);
  if (node.kind === "array") return node.entries.map((entry) => plain(entry.value));
  return Object.fromEntries(node.entries.map((entry) => [entry.key, plain(entry.value)]));
}

describe("whole JSON", () => {
  it.each([
    "null",
    "-1.5e3",
    '"a\\"b\\\\"',
    "[]",
    "{}",
    ' [ 1 , "two" , [ true , false , null ] , { } ] ',
    '{"a": {"b": [{"c": "\\u00e9 \\n"}]}, "": 0, "x:y,z": "}]"}',
  ])("reads %s as JSON.parse does", (text) => {
    const node = parse(text);
    expect(node && plain(node)).toEqual(JSON.parse(text));
  });

  it("keeps numbers as they are written", () => {
    const digits = "9".repeat(5_000);
    expect(parse(`[${digits}, 1.000]`)).toMatchObject({
      entries: [{ value: { text: digits } }, { value: { text: "1.000" } }],
    });
  });

  it("keeps every entry of a key that is there twice", () => {
    const node = parse('{"a": 1, "a": 2}');
    expect(node && isBranch(node) && node.entries.length).toBe(2);
  });
});

describe("bombs", () => {
  it("reads what is nested 100,000 deep", () => {
    const depth = 100_000;
    let node = parse("[".repeat(depth) + "]".repeat(depth));
    let levels = 0;
    while (node !== null && isBranch(node)) {
      levels += 1;
      node = node.entries[0]?.value ?? null;
    }
    expect(levels).toBe(depth);
  });

  it("reads 200,000 entries", () => {
    const node = parse(`[${"1,".repeat(199_999)}1]`);
    expect(node && isBranch(node) && node.entries.length).toBe(200_000);
  });
});

describe("cut JSON", () => {
  const whole = '{"list": [1, {"deep": "text \\u00e9 \\\\ end"}, true], "n": -12.5e7}';

  it("never throws, wherever it is cut, and never invents", () => {
    for (let length = 0; length < whole.length; length += 1) {
      const node = parse(whole.slice(0, length));
      if (length === 0) expect(node).toBeNull();
      else expect(node).toMatchObject({ kind: "object", cut: true });
    }
  });

  it("marks the text that was cut", () => {
    expect(parse('["abc')).toMatchObject({
      cut: true,
      entries: [{ value: { kind: "string", text: "abc", cut: true } }],
    });
  });

  it("stops where the text makes no sense", () => {
    expect(parse("[1, oops, 2]")).toMatchObject({ cut: true, entries: [{ value: { text: "1" } }] });
    expect(parse("oops")).toBeNull();
    expect(parse("[1}")).toMatchObject({ cut: true });
  });
});
