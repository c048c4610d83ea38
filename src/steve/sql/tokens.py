"""SQL text cut into tokens: just enough to tell code from what is quoted or commented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """What a token is."""

    SPACE = auto()
    COMMENT = auto()
    LITERAL = auto()
    """Text in single quotes; a quote inside is doubled. There is no E'…' in our files."""
    IDENTIFIER = auto()
    """A name in double quotes."""
    BODY = auto()
    """Text between two equal dollar tags, tags included."""
    ANCHOR = auto()
    """`steve.`: the schema in front of a name."""
    SCHEMA = auto()
    """`schema steve`, also with `if [not] exists` between: the schema as a name by itself."""
    PARAMETER = auto()
    """`:name`."""
    WORD = auto()
    CODE = auto()


class Token(NamedTuple):
    """A piece of SQL; the texts of all tokens joined are the source again."""

    kind: Kind
    text: str


_PATTERN = re.compile(
    r"""
      (?P<SPACE>      [ \t\r\n\f\v]+ )
    | (?P<COMMENT>    --[^\r\n]* )
    | (?P<block>      /\* )
    | (?P<LITERAL>    '(?:[^']|'')*' )
    | (?P<IDENTIFIER> "(?:[^"]|"")*" )
    | (?P<tag>        (?<![\w$]) \$ (?:[^\W\d]\w*)? \$ )
    | (?P<ANCHOR>     (?<![\w.$"']) steve\. )
    | (?P<SCHEMA>     (?<![\w.$"'])
                      (?i:schema (?:\s+if (?:\s+not)? \s+exists)?) \s+ steve (?![\w.$]) )
    | (?P<PARAMETER>  (?<!:) :[A-Za-z_]\w* )
    | (?P<WORD>       [^\W\d][\w$]* )
    | (?P<CODE>       [0-9]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def tokens(source: str, *, lenient: bool = False) -> Iterator[Token]:
    """Cut `source` into tokens.

    Raises ValueError with the line of a quote or comment that does not end; with `lenient` it is
    taken as code instead, for text between dollar tags, which need not be SQL.
    """
    position = 0
    while position < len(source):
        token = _next(source, position)
        if token is None:
            if not lenient:
                line = source.count("\n", 0, position) + 1
                raise ValueError(f"line {line}: {source[position : position + 20]!r} does not end")
            token = Token(Kind.CODE, source[position])
        yield token
        position += len(token.text)


def _next(source: str, start: int) -> Token | None:
    """Return the token at `start`, or None where one starts that never ends."""
    match = _PATTERN.match(source, start)
    kind = match.lastgroup if match is not None else None
    if match is None or kind is None:
        raise AssertionError("the pattern takes any character")
    if kind == "block":
        end = _end_of_comment(source, match.end())
        return None if end is None else Token(Kind.COMMENT, source[start:end])
    if kind == "tag":
        end = source.find(match.group(), match.end())
        return None if end < 0 else Token(Kind.BODY, source[start : end + len(match.group())])
    if match.group() in {"'", '"'}:
        return None
    return Token(Kind[kind], match.group())


def _end_of_comment(source: str, start: int) -> int | None:
    """Return where the block comment around `start` ends; comments nest."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(source, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return None
