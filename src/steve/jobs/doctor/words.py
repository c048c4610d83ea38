"""Numbers and names as people say them."""

from __future__ import annotations

from collections.abc import Sequence

from steve.core.text import clean

_MOST = 8
_UNITS = ((172_800.0, 86_400.0, "day"), (7200.0, 3600.0, "hour"), (120.0, 60.0, "minute"))


def span(seconds: float) -> str:
    """Say a duration: `42 seconds`, `5 minutes`, `3 hours`, `4 days`."""
    for limit, unit, name in _UNITS:
        if seconds >= limit:
            return counted(round(seconds / unit), name)
    return counted(round(seconds), "second")


def size(count: int) -> str:
    """Say a number of bytes."""
    return f"{count / 1024:,.0f} kB" if count < 1 << 20 else f"{count / (1 << 20):,.0f} MB"


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
