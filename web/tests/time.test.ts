import { describe, expect, it } from "vitest";
import { duration, fromLocalInput, relative, toLocalInput } from "../src/core/time";

describe("duration", () => {
  it.each([
    [-1, "0 s"],
    [0.0001, "<1 ms"],
    [0.0421, "42 ms"],
    [1.26, "1.3 s"],
    [9.96, "10 s"],
    [59.7, "1 m"],
    [187, "3 m 7 s"],
    [3_600, "1 h"],
    [86_399, "23 h 59 m"],
    [190_000, "2 d 4 h"],
  ])("%d s is %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("relative", () => {
  const now = Date.parse("2026-05-01T12:00:00Z");
  it.each([
    [0, "now"],
    [-12_900, "12 s ago"],
    [12_900, "in 12 s"],
    [-7_300_000, "2 h ago"],
    [3 * 86_400_000, "in 3 d"],
  ])("%d ms from now is %s", (offset, text) => {
    expect(relative(now + offset, now)).toBe(text);
  });
});

describe("local inputs", () => {
  it("go there and back", () => {
    const iso = "2026-05-01T12:34:00.000Z";
    expect(fromLocalInput(toLocalInput(iso))).toBe(iso);
  });

  it("take nothing for nothing", () => {
    expect(toLocalInput("soon")).toBe("");
    expect(fromLocalInput("")).toBeNull();
  });
});
