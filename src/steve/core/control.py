"""What a handler raises to steer its job. None of them is an error of the handler."""

from __future__ import annotations

from datetime import timedelta

from steve.core.errors import OptionTypeError
from steve.core.text import safe_repr, safe_str

TEN_YEARS = 315_576_000.0
"""Seconds; the longest delay, timeout or pause that steve accepts."""


class ControlSignal(Exception):
    """Base of the exceptions that steer a job instead of failing it."""


class Retry(ControlSignal):
    """Try again after `delay` seconds; without one, after the job's own backoff.

    The attempt counts. `raise Retry(...) from error` records that error as the reason.
    """

    delay: float | None

    def __init__(self, delay: float | timedelta | None = None) -> None:
        super().__init__(delay)
        self.delay = None if delay is None else bounded_delay(delay)

    def __str__(self) -> str:
        when = "" if self.delay is None else f" in {self.delay:g} s"
        return f"the handler asked for a retry{when}"


class Snooze(ControlSignal):
    """Put the job off for `delay` seconds. No attempt is spent."""

    delay: float

    def __init__(self, delay: float | timedelta) -> None:
        super().__init__(delay)
        self.delay = bounded_delay(delay)

    def __str__(self) -> str:
        return f"the handler put the job off for {self.delay:g} s"


class Cancel(ControlSignal):
    """End the job as cancelled, for `reason`."""

    reason: str | None

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = None if reason is None else safe_str(reason)

    def __str__(self) -> str:
        return self.reason or "the handler cancelled the job"


class Fail(ControlSignal):
    """End the job as failed, for `reason`, whatever attempts are left."""

    reason: str | None

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = None if reason is None else safe_str(reason)

    def __str__(self) -> str:
        return self.reason or "the handler gave the job up"


def bounded_delay(value: float | timedelta) -> float:
    """Return `value` in seconds, moved into 0 … 10 years; NaN becomes 0.

    A delay is often computed, and a bad sum must not lose the job. Another type is a mistake in
    the handler and raises `OptionTypeError`, which fails the attempt like any other error.
    """
    if isinstance(value, timedelta):
        value = value.total_seconds()
    elif isinstance(value, bool) or not isinstance(value, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise OptionTypeError(
            f"delay must be seconds or a timedelta, not {safe_repr(value)}: "
            "pass for example delay=5 or delay=timedelta(minutes=5)"
        )
    # NaN fails every comparison, and an int too large for a float still compares.
    if not value > 0:
        return 0.0
    return TEN_YEARS if value > TEN_YEARS else float(value)
