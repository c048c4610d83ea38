import { describe, expect, it } from "vitest";
import { bytes, plural, rate, short } from "../src/core/number";

it.each([
  [9_999, "9,999"],
  [12_345, "12.3k"],
  [50_001, "50k"],
  [999_499, "999k"],
  [999_500, "1M"],
  [10_000_000, "10M"],
])("%d in short is %s", (number, text) => {
  expect(short(number)).toBe(text);
});

it.each([
  [0, "0"],
  [0.004, "<0.01"],
  [0.05, "0.05"],
  [0.25, "0.25"],
  [0.6, "0.6"],
  [3.21, "3.2"],
  [5, "5"],
  [1_240, "1,240"],
])("a rate of %d is %s", (number, text) => {
  expect(rate(number)).toBe(text);
});

describe("words", () => {
  it("go with their numbers", () => {
    expect([plural(1, "job"), plural(2_000, "job")]).toEqual(["1 job", "2,000 jobs"]);
    expect([bytes(999), bytes(1_500), bytes(999_600)]).toEqual(["999 B", "1.5 kB", "1.0 MB"]);
  });
});
