// A reader of JSON that was cut somewhere, is nested 100,000 deep or has numbers of 5,000 digits.
// It keeps numbers as they are written, never recurses, and reads as far as the text makes sense.

export interface Branch {
  kind: "object" | "array";
  entries: Entry[];
  /** The text ended, or made no sense, before this branch did. */
  cut: boolean;
}

export interface Leaf {
  kind: "string" | "number" | "word";
  /** A string's characters; a number or `true`, `false`, `null` as written. */
  text: string;
  cut: boolean;
}

export type Node = Branch | Leaf;

export interface Entry {
  key: string | null;
  value: Node;
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR = /[^ \t\r\n,:[\]{}"]+/y;
const NUMBER = /^-?\d/;
const WORDS = new Set(["true", "false", "null"]);

/** The value that a text begins with; null if there is none. */
export function parse(text: string): Node | null {
  return new Reader(text).read();
}

export const isBranch = (node: Node): node is Branch =>
  node.kind === "object" || node.kind === "array";

class Reader {
  private at = 0;
  private readonly open: Branch[] = [];
  private key: string | null = null;
  private root: Node | null = null;

  constructor(private readonly text: string) {}

  read(): Node | null {
    do {
      this.match(SPACE);
      if (!this.step()) {
        for (const branch of this.open) branch.cut = true;
        break;
      }
    } while (this.open.length > 0);
    return this.root;
  }

  /** Read one value, bracket, key or comma; false where the text ends or makes no sense. */
  private step(): boolean {
    const char = this.text[this.at];
    const branch = this.open.at(-1);
    if (char === undefined) return false;
    if (char === "{" || char === "[") return this.enter(char === "{" ? "object" : "array");
    if (char === "}" || char === "]") return this.leave(char);
    if (char === "," && branch !== undefined) return this.skip();
    if (branch?.kind === "object" && this.key === null) return this.readKey();
    const leaf = char === '"' ? this.readString() : this.readScalar();
    if (leaf === null) return false;
    this.place(leaf);
    return !leaf.cut;
  }

  private enter(kind: Branch["kind"]): boolean {
    const parent = this.open.at(-1);
    if (parent?.kind === "object" && this.key === null) return false;
    const branch: Branch = { kind, entries: [], cut: false };
    this.place(branch);
    this.open.push(branch);
    return this.skip();
  }

  private leave(char: string): boolean {
    const branch = this.open.at(-1);
    if (branch === undefined || (branch.kind === "object") !== (char === "}")) return false;
    this.open.pop();
    this.key = null;
    return this.skip();
  }

  private readKey(): boolean {
    if (this.text[this.at] !== '"') return false;
    const key = this.readString();
    this.match(SPACE);
    if (key.cut || this.text[this.at] !== ":") return false;
    this.key = key.text;
    return this.skip();
  }

  private readString(): Leaf {
    const start = this.at;
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === "\\" ? 2 : 1;
    const cut = end >= this.text.length;
    this.at = Math.min(end + 1, this.text.length);
    const written = this.text.slice(start, cut ? this.text.length : end + 1);
    return { kind: "string", text: characters(written, cut), cut };
  }

  private readScalar(): Leaf | null {
    const text = this.match(SCALAR);
    const kind = NUMBER.test(text) ? "number" : "word";
    // At the very end it may be half a word, or half a number.
    const cut = this.at >= this.text.length && this.open.length > 0;
    if (text === "" || (kind === "word" && !WORDS.has(text) && !cut)) return null;
    return { kind, text, cut };
  }

  private place(value: Node): void {
    const parent = this.open.at(-1);
    if (parent === undefined) this.root = value;
    else parent.entries.push({ key: this.key, value });
    this.key = null;
  }

  private skip(): boolean {
    this.at += 1;
    return true;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }
}

/** The characters of a written string; as much as can be told of one that was cut. */
function characters(written: string, cut: boolean): string {
  const whole = cut ? `${written.replace(/\\(u[0-9a-fA-F]{0,3})?$/, "")}"` : written;
  try {
    return JSON.parse(whole) as string;
  } catch {
    return whole.slice(1, -1);
  }
}
