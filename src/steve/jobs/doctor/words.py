"""Numbers and names as people say them."""

from __future__ import annotations

from collections.abc import Sequence

from steve.core.text import clean

_MOST = 8
_UNITS = ((172_800.0, 86_400.0, "days"), (7200.0, 3600.0, "hours"), (120.0, 60.0, "minutes"))


def span(seconds: float) -> str:
    """Say a duration: `42 seconds`, `5 minutes`, `3 hours`, `4 days`."""
    for limit, unit, name in _UNITS:
        if seconds >= limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


def size(count: int) -> str:
    """Say a number of bytes in MiB."""
    return f"{count / (1 << 20):,.1f} MiB"


def counted(number: int, noun: str) -> str:
    """Say so many of something: `1 job`, `3 jobs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(names: Sequence[str]) -> str:
    """Name several things, and of very many the first."""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def literal(text: str) -> str:
    """Quote text for SQL."""
    return "'" + clean(text).replace("'", "''") + "'"
