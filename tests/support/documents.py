"""The code blocks of a Markdown document, and what the comment above each says about it.

    <!-- not run: why -->      a Python or SQL block that is left out
    <!-- run -->               a console block whose commands are run (`run: exit 3` expects that)
    <!-- file: app.py -->      a block that becomes a file for the blocks after it
    <!-- output -->            a block that the Python block before it must have printed

Python and SQL blocks run unless they say otherwise. A comment that begins with `setup` and goes
over several lines is Python that readers do not see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FENCE = re.compile(r"(?P<indent> *)```(?P<language>[\w-]*)\s*")
_NOTE = re.compile(r"\s*<!-- (?P<note>(?!setup).+?) -->\s*")
_NOTES = re.compile(r"run(: exit \d+)?|not run: .+|file: [\w./-]+|output")
_SETUP = "<!-- setup"


@dataclass(frozen=True)
class Block:
    """A code block; `line` is that of its first line of code, counted from 1."""

    language: str
    note: str
    text: str
    line: int


def blocks(document: Path) -> list[Block]:
    """Return the blocks of a document, in order. Raises ValueError for a note that says nothing."""
    return list(_blocks(document.read_text(encoding="utf-8").splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    note = ""
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.strip() == _SETUP:
            end = lines.index("-->", number)
            yield Block("python", "", "\n".join(lines[number:end]), number + 1)
            number = end + 1
        elif fence := _FENCE.fullmatch(line):
            indent = fence["indent"]
            end = lines.index(f"{indent}```", number)
            text = "\n".join(row.removeprefix(indent) for row in lines[number:end])
            yield Block(fence["language"], note, text, number + 1)
            number, note = end + 1, ""
        elif found := _NOTE.fullmatch(line):
            note = found["note"]
            followed = number < len(lines) and _FENCE.fullmatch(lines[number])
            if followed and not _NOTES.fullmatch(note):
                raise ValueError(f"line {number}: the comment {note!r} means nothing")
        elif line.strip():
            note = ""


def commands(block: Block) -> list[str]:
    """Return the commands of a console block: what follows `$ `, with continued lines."""
    found: list[str] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(line.removeprefix("$ "))
        elif found and found[-1].endswith("\\"):
            found[-1] += "\n" + line
    return found
