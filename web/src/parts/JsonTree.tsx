// JSON as a tree that opens bit by bit: however large or deep it is, only what is open is drawn.

import { useState } from "preact/hooks";
import { type Branch, type Entry, isBranch, type Leaf, type Node } from "../core/json";
import { count } from "../core/number";
import { visible } from "../core/visible";
import { Icon } from "./Icon";

const AT_ONCE = 200;
/** So much of a tree is open at first. */
const OPEN_DEPTH = 2;
const OPEN_ENTRIES = 50;
const LONG_TEXT = 400;
/** Beyond that, each level's indentation would leave no room for what it is about. */
const DEEPEST_INDENT = 24;

export function JsonTree({ root }: { root: Node }) {
  return (
    <ul class="json">
      <Item entry={{ key: null, value: root }} depth={0} />
    </ul>
  );
}

interface ItemProps {
  entry: Entry;
  depth: number;
}

function Item({ entry, depth }: ItemProps) {
  const { value } = entry;
  return isBranch(value) ? (
    <BranchItem name={entry.key} branch={value} depth={depth} />
  ) : (
    <li class="json-line" style={indent(depth)}>
      <Key name={entry.key} />
      <LeafText leaf={value} />
    </li>
  );
}

const indent = (depth: number) => ({
  paddingLeft: `${Math.min(depth, DEEPEST_INDENT) * 16 + 18}px`,
});

interface BranchProps {
  name: string | null;
  branch: Branch;
  depth: number;
}

function BranchItem({ name, branch, depth }: BranchProps) {
  const size = branch.entries.length;
  const [open, setOpen] = useState(depth < OPEN_DEPTH && size <= OPEN_ENTRIES && size > 0);
  const [shown, setShown] = useState(AT_ONCE);
  const [start, end] = branch.kind === "object" ? ["{", "}"] : ["[", "]"];
  const rest = size - shown;
  return (
    <li>
      <button
        type="button"
        class="json-line json-branch"
        aria-expanded={size > 0 ? open : undefined}
        disabled={size === 0}
        style={{ paddingLeft: `${Math.min(depth, DEEPEST_INDENT) * 16}px` }}
        onClick={() => setOpen(!open)}
      >
        <span class="json-mark">
          {size > 0 && <Icon name={open ? "down" : "right"} size={11} />}
        </span>
        <Key name={name} />
        <span class="json-bracket">{start}</span>
        {!open && (
          <>
            {size > 0 && <span class="json-size">{summary(branch)}</span>}
            <span class="json-bracket">{end}</span>
          </>
        )}
      </button>
      {open && (
        <ul>
          {branch.entries.slice(0, shown).map((entry, index) => (
            <Item key={index} entry={entry} depth={depth + 1} />
          ))}
          {rest > 0 && (
            <li>
              <button
                type="button"
                class="json-line link"
                style={indent(depth + 1)}
                onClick={() => setShown(shown + AT_ONCE)}
              >
                {count(Math.min(rest, AT_ONCE))} more of {count(rest)}
              </button>
            </li>
          )}
          <li class="json-line json-bracket" style={indent(depth)}>
            {branch.cut ? "… cut here" : end}
          </li>
        </ul>
      )}
    </li>
  );
}

function summary(branch: Branch): string {
  const size = branch.entries.length;
  const what = branch.kind === "object" ? "key" : "item";
  return `${count(size)} ${what}${size === 1 ? "" : "s"}${branch.cut ? ", cut" : ""}`;
}

function Key({ name }: { name: string | null }) {
  return name === null ? null : <span class="json-key">{visible(name)}: </span>;
}

function LeafText({ leaf }: { leaf: Leaf }) {
  const [whole, setWhole] = useState(false);
  const isLong = leaf.text.length > LONG_TEXT && !whole;
  const text = visible(isLong ? leaf.text.slice(0, LONG_TEXT) : leaf.text);
  return (
    <span class={`json-${leaf.kind}`}>
      {leaf.kind === "string" ? `"${text}${isLong || leaf.cut ? "" : '"'}` : text}
      {isLong && (
        <button type="button" class="link" onClick={() => setWhole(true)}>
          … {count(leaf.text.length - LONG_TEXT)} more characters
        </button>
      )}
      {leaf.cut && !isLong && <span class="faint">… cut here</span>}
    </span>
  );
}
