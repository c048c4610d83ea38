import { expect, it } from "vitest";
import { parts } from "../src/core/traceback";

const TEXT = `Traceback (most recent call last):
  File "/srv/app/mail.py", line 12, in send
    await connect(host,
                  port)
  File "/usr/lib/python3.11/asyncio/tasks.py", line 3, in wait_for
    return await fut
           ^^^^^^^^^
  File "<frozen importlib>", line 1
ValueError: first line
second line

During handling of the above exception, another exception occurred:

RuntimeError: no
`;

it("takes a traceback apart", () => {
  const found = parts(TEXT);
  expect(
    found.map((part) => (part.kind === "frame" ? `${part.name}:${part.line}` : "text")),
  ).toEqual(["text", "send:12", "wait_for:3", ":1", "text"]);
  expect(found.filter((part) => part.kind === "frame" && part.own)).toMatchObject([
    { file: "/srv/app/mail.py", code: "await connect(host,\nport)" },
  ]);
  expect(found.at(-1)).toMatchObject({
    text: expect.stringMatching(
      /^ValueError: first line\nsecond line\n\nDuring[\s\S]+RuntimeError: no$/,
    ),
  });
});

it("loses nothing of what is no traceback", () => {
  expect(parts("just\nwords")).toEqual([{ kind: "text", text: "just\nwords" }]);
});
