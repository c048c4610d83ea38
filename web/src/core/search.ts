// What is written into the search box: a uid, a path into the payload, or just words.

export type Search = { kind: "uid"; uid: string } | { kind: "path"; path: string } | null;

const UID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;
const PATH = /^(strict\s|lax\s|exists\s*\(|\$|\()/;

export function read(text: string): Search {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (UID.test(trimmed)) return { kind: "uid", uid: trimmed.toLowerCase() };
  return { kind: "path", path: PATH.test(trimmed) ? trimmed : anywhere(trimmed) };
}

/** A path that finds words in any text of the payload, and a number as such, too. They are shown as a path, so that one sees
 * how it is done and can go on from there. */
function anywhere(words: string): string {
  const text = `@ like_regex ${JSON.stringify(words)} flag "iq"`;
  return NUMBER.test(words) ? `$.** ? (@ == ${words} || ${text})` : `$.** ? (${text})`;
}
