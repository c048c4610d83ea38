import { expect, it } from "vitest";
import { visible } from "../src/core/visible";

it("shows what misleads", () => {
  expect(visible("gpj.\u202eexe a\u200bb \u001b[31m")).toBe("gpj.\\u202eexe a\\u200bb \\u001b[31m");
});

it("leaves everything else alone", () => {
  const text = "é 漢字 👩‍👩‍👧 می‌خواهم tab\tline\nend";
  expect(visible(text)).toBe(text);
});
