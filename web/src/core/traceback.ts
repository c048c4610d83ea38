// Python's traceback, taken apart, so that the frames of one's own code can stand out.

export interface Frame {
  kind: "frame";
  file: string;
  line: number;
  name: string;
  code: string;
  /** In the user's own code: neither Python's library, nor a package that was installed. */
  own: boolean;
}

export interface Text {
  kind: "text";
  text: string;
}

export type Part = Frame | Text;

const PLACE = /^\s+(?:[|+] )*\s*File "(.+)", line (\d+)(?:, in (.+))?$/;
const MARKS = /^[\s^~]*$/;
const FOREIGN =
  /site-packages|dist-packages|[/\\]lib[/\\]python3|^<frozen |[/\\]steve[/\\](worker|core)[/\\]/;

export function parts(traceback: string): Part[] {
  const found: Part[] = [];
  const lines = traceback.replace(/\n+$/, "").split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const place = PLACE.exec(line);
    if (place === null) {
      addText(found, line);
      continue;
    }
    const code: string[] = [];
    // The source follows, further in; below it there may be a line of marks, which says little
    // where the code is not set in the same columns any more.
    while (/^ {4}/.test(lines[index + 1] ?? "") && !PLACE.test(lines[index + 1] ?? "")) {
      index += 1;
      const next = lines[index] ?? "";
      if (!MARKS.test(next)) code.push(next.trim());
    }
    const [, file = "", number = "0", name = ""] = place;
    const own = !FOREIGN.test(file);
    found.push({ kind: "frame", file, line: Number(number), name, code: code.join("\n"), own });
  }
  return found;
}

function addText(found: Part[], line: string): void {
  const last = found.at(-1);
  if (last?.kind === "text") last.text += `\n${line}`;
  else found.push({ kind: "text", text: line });
}
