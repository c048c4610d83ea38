"""Checks of single values: each returns the value in its one form or says what was wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from steve.core.control import TEN_YEARS
from steve.core.errors import OptionError, OptionTypeError
from steve.core.text import clean, safe_repr

LONGEST_NAME = 255
"""Characters of a type, a queue or a tag."""


def seconds(
    value: object,
    name: str,
    minimum: float = 0.0,
    maximum: float = TEN_YEARS,
    *,
    above: bool = False,
) -> float:
    """Return a duration, seconds or a timedelta, as seconds within `minimum` … `maximum`.

    With `above`, `minimum` itself is refused too. Raises `OptionTypeError`, `OptionError`.
    """
    if isinstance(value, timedelta):
        number: float = value.total_seconds()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = value
    else:
        raise OptionTypeError(f"{name} must be seconds or a timedelta, not {safe_repr(value)}")
    # Written so that NaN is refused.
    if minimum <= number <= maximum and not (above and number == minimum):
        return float(number)
    start = f"above {minimum:,g}" if above else f"{minimum:,g}"
    raise OptionError(f"{name} must be {start} to {maximum:,.15g} seconds, not {safe_repr(value)}")


def instant(value: object, name: str) -> datetime:
    """Return an aware datetime. A naive one is an `OptionError`, never a guess of its zone."""
    if not isinstance(value, datetime):
        raise OptionTypeError(
            f"{name} must be an aware datetime, not {safe_repr(value)}: "
            "for example datetime.now(UTC) + timedelta(hours=1)"
        )
    if value.utcoffset() is None:
        raise OptionError(
            f"{name}={value.isoformat()} is naive: give it a time zone, "
            "for example datetime(..., tzinfo=UTC)"
        )
    return value


def whole(value: object, name: str, minimum: int, maximum: int) -> int:
    """Return an integer within `minimum` … `maximum`; bool and float are refused."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise OptionTypeError(f"{name} must be an integer, not {safe_repr(value)}")
    if not minimum <= value <= maximum:
        raise OptionError(f"{name} must be {minimum:,} to {maximum:,}, not {safe_repr(value)}")
    return int(value)


def label(value: object, name: str) -> str:
    """Return a name that people chose: 1 to 255 characters that PostgreSQL can hold."""
    if not isinstance(value, str):
        raise OptionTypeError(f"{name} must be text, not {safe_repr(value)}")
    if not 1 <= len(value) <= LONGEST_NAME:
        raise OptionError(
            f"{name} must have 1 to {LONGEST_NAME} characters, "
            f"not {len(value):,}: {safe_repr(value)}"
        )
    if clean(value) != value:
        raise OptionError(f"{name} must not hold NUL or lone surrogates: {safe_repr(value)}")
    # A subclass, such as a StrEnum, would reach the driver as something else than text.
    return value if type(value) is str else str.__str__(value)


def labels(value: object, name: str, most: int) -> list[str]:
    """Return several such names, without repeats; a single text is refused, as it is a mistake."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise OptionTypeError(
            f"{name} must be a list of texts, not {safe_repr(value)}: for example {name}=['a', 'b']"
        )
    items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
    found = list(dict.fromkeys(label(item, f"{name}[{i}]") for i, item in enumerate(items)))
    if len(found) > most:
        raise OptionError(f"{name} must be at most {most:,}, not {len(found):,}")
    return found


def flag(value: object, name: str) -> bool:
    """Return True or False; nothing else is taken for one of them."""
    if not isinstance(value, bool):
        raise OptionTypeError(f"{name} must be True or False, not {safe_repr(value)}")
    return value


def one_of(value: object, name: str, allowed: tuple[str, ...]) -> str:
    """Return one of the `allowed` texts."""
    if not isinstance(value, str):
        raise OptionTypeError(f"{name} must be text, not {safe_repr(value)}")
    if value not in allowed:
        raise OptionError(
            f"{name} must be one of {', '.join(map(repr, allowed))}, not {safe_repr(value)}"
        )
    return value
