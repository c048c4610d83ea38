"""The `.sql` files, fitted to a schema and to the driver.

The files are written for psql: against the schema `steve`, with `:name` parameters. Here the
anchor `steve.` becomes the quoted name of the configured schema, and parameters become `$1`,
`$2` … in the order of their first use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from steve.sql.tokens import Kind, Token, tokens

_ROOT = files("steve.sql")
_FILE = re.compile(r"(?P<version>\d{4})_(?P<name>\w+)\.sql")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, ready for the driver.

    `parameters` are the names whose values go to `$1`, `$2` … in this order.
    """

    text: str
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: the statements that lead from `version - 1` to `version`."""

    version: int
    name: str
    text: str


@cache
def statement(name: str, schema: str) -> Statement:
    """Return the statement of the file `statements/NAME.sql` for `schema`.

    Raises LookupError when there is no such file.
    """
    file = _ROOT.joinpath("statements", *f"{name}.sql".split("/"))
    if not file.is_file():
        raise LookupError(f"there is no statement {name!r} in steve/sql/statements")
    return rewrite(file.read_text(encoding="utf-8"), schema)


def migrations(schema: str) -> list[Migration]:
    """Return all steps of the schema in their order, for `schema`. Comments are kept.

    Raises ValueError when the files `NNNN_name.sql` do not count 1, 2, 3 …
    """
    return list(_migrations(schema))


@cache
def _migrations(schema: str) -> tuple[Migration, ...]:
    return tuple(read_migrations(_ROOT.joinpath("migrations"), schema))


def read_migrations(folder: Traversable, schema: str) -> list[Migration]:
    """Read the steps that lie in `folder`; see `migrations`."""
    found: list[Migration] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        match = _FILE.fullmatch(file.name)
        if match is None:
            continue
        text = fit(file.read_text(encoding="utf-8"), schema)
        found.append(Migration(int(match["version"]), match["name"], text))
    versions = [migration.version for migration in found]
    if versions != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations must count 1, 2, 3 …, not {versions}")
    return found


def quoted(name: str) -> str:
    """Quote a name, so that PostgreSQL takes it as it is."""
    return '"' + name.replace('"', '""') + '"'


def fit(source: str, schema: str, *, lenient: bool = False) -> str:
    """Put `schema` in place of the anchor and change nothing else."""
    name = quoted(schema)
    return "".join(_anchored(token, schema, name) for token in tokens(source, lenient=lenient))


def rewrite(source: str, schema: str) -> Statement:
    """Fit one statement to `schema` and number its parameters.

    Comments go and white space shrinks: the text is sent, or looked up, at every execution.
    """
    name = quoted(schema)
    numbers: dict[str, int] = {}
    parts: list[str] = []
    for token in _compact(tokens(source)):
        if token.kind is Kind.PARAMETER:
            number = numbers.setdefault(token.text[1:], len(numbers) + 1)
            parts.append(f"${number}")
        else:
            parts.append(_anchored(token, schema, name))
    return Statement("".join(parts).removesuffix(";").rstrip(), tuple(numbers))


def _anchored(token: Token, schema: str, name: str) -> str:
    if token.kind is Kind.ANCHOR:
        return f"{name}."
    if token.kind is Kind.SCHEMA:
        return token.text.removesuffix("steve") + name
    if token.kind is Kind.LITERAL and token.text.startswith("'steve."):
        return "'" + name.replace("'", "''") + token.text.removeprefix("'steve")
    if token.kind is Kind.BODY:
        return _anchored_body(token.text, schema)
    return token.text


def _anchored_body(text: str, schema: str) -> str:
    """Fit the text between dollar tags, which is SQL again when it is a function's."""
    tag = text[: text.index("$", 1) + 1]
    word = tag[1:-1]
    body = fit(text[len(tag) : -len(tag)], schema, lenient=True)
    # A schema may be called like the tag, and would end the body early.
    count = 0
    while (body + tag).index(tag) != len(body):
        count += 1
        tag = f"${word}_{count}$"
    return f"{tag}{body}{tag}"


def _compact(source: Iterable[Token]) -> Iterable[Token]:
    """Leave out comments, and make one character of the white space between two tokens."""
    last: Token | None = None
    gap = ""
    for token in source:
        if token.kind in {Kind.SPACE, Kind.COMMENT}:
            gap += token.text
            continue
        if gap and last is not None:
            # Two literals with a line break between them are one literal, with a blank an error.
            joined = last.kind is token.kind is Kind.LITERAL and "\n" in gap
            yield Token(Kind.SPACE, "\n" if joined else " ")
        yield token
        last, gap = token, ""
