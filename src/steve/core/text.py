"""Text made fit for a PostgreSQL column and for people, whatever it was before."""

from __future__ import annotations

import re
import reprlib
import sys

LIMIT = 16_384
"""Bytes of UTF-8 that an error text or a traceback may take."""

_CUT = "… (cut)"
_REFUSED = re.compile(r"[\x00\ud800-\udfff]")
_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})


class _Short(reprlib.Repr):
    """Shows the first members of containers, a few levels deep. The whole may be endless: sixty
    lists that hold the next one twice are as long as 2^60 others."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = 20
        # Whoever asks cuts the text.
        self.maxother = self.maxlong = self.maxstring = sys.maxsize


_short = _Short()


def clean(text: str) -> str:
    """Replace what PostgreSQL's text cannot hold, NUL and lone surrogates, by U+FFFD."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return _REFUSED.sub("\ufffd", text)


def cut(text: str, limit: int = LIMIT) -> str:
    """Clean `text` and keep its start: at most `limit` bytes of UTF-8, with a mark when cut."""
    # A character takes at least a byte: the slice spares gigabytes the passes that follow.
    short = clean(text[: limit + 1])
    data = short.encode()
    if len(data) <= limit:
        return short
    mark = _CUT.encode()
    if limit < len(mark):
        return data[:limit].decode(errors="ignore")
    return data[: limit - len(mark)].decode(errors="ignore") + _CUT


def cut_middle(text: str, limit: int = LIMIT) -> str:
    """Clean `text` and keep its first quarter and its end: at most `limit` bytes of UTF-8."""
    if len(text) > limit:
        text = text[: limit // 4] + "\0" + text[-limit:]
    whole = clean(text)
    data = whole.encode()
    if len(data) <= limit:
        return whole
    mark = f"\n{_CUT}\n".encode()
    head = data[: limit // 4]
    tail = data[-(limit - len(head) - len(mark)) :]
    return head.decode(errors="ignore") + mark.decode() + tail.decode(errors="ignore")


def safe_str(value: object) -> str:
    """`str(value)`, or a placeholder when that raises; never raises itself. Containers are cut."""
    try:
        return str.__str__(_short.repr(value) if type(value) in _CONTAINERS else str(value))
    except BaseException:
        return f"<{type_name(value)} that cannot be shown>"


def safe_repr(value: object, limit: int = 100) -> str:
    """`repr(value)` for an error message: cleaned, cut to `limit` bytes, never raises."""
    try:
        return cut(str.__str__(_short.repr(value)), limit)
    except BaseException:
        return f"<{type_name(value)} that cannot be shown>"


def type_name(value: object) -> str:
    """Name the class of `value` as its author would: `ValueError`, `Order.DoesNotExist`."""
    return cut(type.__dict__["__qualname__"].__get__(type(value)).rpartition("<locals>.")[2], 200)
