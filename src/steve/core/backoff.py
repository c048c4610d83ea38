"""How long a job rests between a failed attempt and the next one."""

from __future__ import annotations

import logging
import random as randomness
from collections.abc import Callable
from functools import lru_cache
from math import isfinite
from typing import Literal, cast, get_args

import msgspec

from steve.core.control import TEN_YEARS
from steve.core.errors import OptionError, OptionTypeError
from steve.core.text import safe_repr

BackoffKind = Literal["exp", "linear", "fixed", "none"]
KINDS: tuple[str, ...] = get_args(BackoffKind)

_RANGES = {
    "base": (1.0, 1000.0),
    "factor": (0.0, TEN_YEARS),
    "cap": (0.0, TEN_YEARS),
    "jitter": (0.0, 1.0),
}
_USED = {
    "exp": ("base", "factor", "cap", "jitter"),
    "linear": ("factor", "cap", "jitter"),
    "fixed": ("factor", "cap", "jitter"),
    "none": (),
}
_LONGEST_TEXT = 200
_HIGHEST_COUNT = 2**53

logger = logging.getLogger("steve.backoff")


class Backoff(msgspec.Struct, frozen=True):
    """A rule that turns the number of attempts so far into a delay in seconds.

    - `exp`: `factor * base ** n`, by default 2, 4, 8 … seconds
    - `linear`: `factor * n`
    - `fixed`: `factor`
    - `none`: no delay

    No delay exceeds `cap` seconds. `jitter` (0 … 1) spreads delays by that share in both
    directions, so that jobs which failed together do not come back together.
    """

    kind: BackoffKind = "exp"
    base: float = 2.0
    factor: float = 1.0
    cap: float = 3600.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        _check_kind(self.kind)
        for name, (low, high) in _RANGES.items():
            _check_number(name, getattr(self, name), low, high)

    def delay(self, n: int, random: Callable[[], float] = randomness.random) -> float:
        """Return the seconds to wait after `n` counted attempts, within 0 … `cap`.

        Total: `n` below 1 counts as 1, and no `n` overflows. `random` returns 0 … 1.
        """
        wait = min(self._undisturbed(max(n, 1)), self.cap)
        if self.jitter:
            # Capped before and after: jobs at the cap are spread too, and none exceeds it.
            wait = min(wait * (1 + self.jitter * (2 * random() - 1)), self.cap)
        return max(wait, 0.0)

    def _undisturbed(self, n: int) -> float:
        if self.kind == "none" or not self.factor:
            return 0.0
        if self.kind == "fixed":
            return float(self.factor)
        n = min(n, _HIGHEST_COUNT)
        if self.kind == "linear":
            return float(self.factor * n)
        try:
            return self.factor * float(self.base) ** n
        except OverflowError:
            return float("inf")

    def __str__(self) -> str:
        if self == _DEFAULT:
            return "exp"
        numbers = [f" {name}={_number(getattr(self, name))}" for name in _USED[self.kind]]
        return self.kind + "".join(numbers)

    @classmethod
    def parse(cls, text: str) -> Backoff:
        """Read the text that `str()` gives. Raises `OptionError` when it says anything else."""
        kind, *settings = text[: _LONGEST_TEXT + 1].split() or [""]
        _check_kind(kind)
        numbers: dict[str, float] = {}
        for setting in settings:
            name, _, number = setting.partition("=")
            try:
                if len(text) > _LONGEST_TEXT or name not in _RANGES or name in numbers:
                    raise ValueError
                numbers[name] = float(number)
            except ValueError:
                raise OptionError(
                    f"backoff strategy {safe_repr(text)} cannot be read at {safe_repr(setting)}: "
                    "write it like 'exp base=3 factor=1 cap=600 jitter=0.25'"
                ) from None
        return cls(cast("BackoffKind", kind), **numbers)

    @classmethod
    def of(cls, value: str | Backoff) -> Backoff:
        """Check what a caller passed as `backoff_strategy`.

        Raises `OptionError` for an unknown strategy, `OptionTypeError` for another type.
        """
        if isinstance(value, Backoff):
            return value
        if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise OptionTypeError(
                f"backoff_strategy must be text or a Backoff, not {safe_repr(value)}: "
                "pass 'exp', 'none' or Backoff(...)"
            )
        return _parsed(value)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Backoff:
    return Backoff.parse(text)


def parse_stored(text: str) -> Backoff:
    """Read a strategy from the database. Never raises: what is unknown waits like "exp".

    A newer version, or another language, may have written it. The warning is logged once a text.
    """
    try:
        return _parsed_or_default(text)
    except TypeError:
        return _DEFAULT


@lru_cache(maxsize=256)
def _parsed_or_default(text: str) -> Backoff:
    try:
        return Backoff.parse(text)
    except (OptionError, OptionTypeError, TypeError, AttributeError) as error:
        logger.warning("unknown backoff strategy in the database, using 'exp': %s", error)
        return _DEFAULT


def _check_kind(kind: object) -> None:
    if kind not in KINDS:
        raise OptionError(
            f"unknown backoff strategy {safe_repr(kind)}: allowed are {', '.join(KINDS)}"
        )


def _check_number(name: str, value: object, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OptionTypeError(f"{name} of a Backoff must be a number, not {safe_repr(value)}")
    if not low <= value <= high or not isfinite(value):
        raise OptionError(
            f"{name} of a Backoff must be {low:,.0f} to {high:,.0f}, not {safe_repr(value)}"
        )


def _number(value: float) -> str:
    text = repr(float(value))
    return text.removesuffix(".0")


_DEFAULT = Backoff()
