"""Saying of one schema what was said of another."""

from __future__ import annotations

from collections.abc import Sequence

from steve.operations.doctor import Thing
from steve.sql import quoted
from steve.sql.tokens import Kind, tokens


def printed_name(things: Sequence[Thing]) -> str:
    """Return the name of the schema as PostgreSQL writes it: in quotes only if they are needed."""
    return next(thing.name for thing in things if thing.kind == "schema")


def renamed(things: Sequence[Thing], scratch: str, schema: str, printed: str) -> list[Thing]:
    """Return things of the schema `scratch` as they would be in `schema`.

    `scratch` must be a name that needs no quotes and that occurs nowhere else; `printed` is how
    PostgreSQL writes `schema`.
    """
    names = (quoted(scratch), quoted(schema)), (scratch, printed)

    def here(text: str) -> str:
        if scratch not in text:
            return text
        return "".join(_renamed(token.kind, token.text) for token in tokens(text, lenient=True))

    def _renamed(kind: Kind, text: str) -> str:
        if kind is Kind.BODY:
            tag = text[: text.index("$", 1) + 1]
            return f"{tag}{here(text[len(tag) : -len(tag)])}{tag}"
        for old, new in names:
            text = text.replace(old, new.replace("'", "''") if kind is Kind.LITERAL else new)
        return text

    return [
        Thing(
            thing.kind,
            here(thing.name),
            here(thing.table),
            here(thing.definition),
            thing.valid,
            [here(part) for part in thing.more],
        )
        for thing in things
    ]
