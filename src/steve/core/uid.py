"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562)."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, SafeUUID

from steve.core.errors import OptionError, OptionTypeError
from steve.core.job import Job
from steve.core.text import safe_repr

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)
_COUNTER_BITS = 42
_FETCHED = 256
_UUID = re.compile(
    r"(?:urn:uuid:)?\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE | re.ASCII
)


class _Clock:
    """The last millisecond and the counter inside it, shared by the process's threads."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything: a forked child must not go on from its parent's numbers."""
        self._lock = threading.Lock()
        self._moment = 0
        self._counter = 0
        self._noise: Iterator[int] = iter(())

    def tick(self) -> int:
        """Return milliseconds, version, counter, variant and noise: the next number."""
        now = time.time_ns() // 1_000_000
        with self._lock:
            self._counter += 1
            if now > self._moment:
                self._moment, self._counter = now, self._seed()
            elif self._counter >> _COUNTER_BITS:
                self._moment, self._counter = self._moment + 1, self._seed()
            moment, counter, noise = self._moment, self._counter, self._draw()
        return (
            moment << 80
            | _VERSION_AND_VARIANT
            | (counter >> 30) << 64
            | (counter & 0x3FFF_FFFF) << 32
            | noise
        )

    def _seed(self) -> int:
        # The highest of the 42 bits starts empty, so that a burst has room to count.
        return self._draw() << 9 | self._draw() & 0x1FF

    def _draw(self) -> int:
        """Return 32 random bits; they are fetched many at a time, as each fetch is a call."""
        for noise in self._noise:
            return noise
        self._noise = iter(memoryview(os.urandom(4 * _FETCHED)).cast("I"))
        return next(self._noise)


_clock = _Clock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_clock.restart)


def uuid7() -> UUID:
    """Make a new uid. Each is greater than all that this process made before it."""
    # UUID's own constructor takes most of the time otherwise, checking what is known here.
    uid = object.__new__(UUID)
    object.__setattr__(uid, "int", _clock.tick())
    object.__setattr__(uid, "is_safe", SafeUUID.unknown)
    return uid


def uid_time(uid: UUID) -> datetime | None:
    """Return when a version 7 uid was made (UTC, to the millisecond), None for another kind."""
    if uid.version != 7:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=uid.int >> 80)
    except OverflowError:
        return None


def as_uid(value: UUID | str | Job) -> UUID:
    """Return the uid that a caller meant by a UUID, its text, or a job.

    Raises `OptionError` (a ValueError) for malformed text, `OptionTypeError` (a TypeError)
    for anything else.
    """
    if isinstance(value, UUID):
        return value
    if isinstance(value, Job):
        return value.uid
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise OptionTypeError(f"a uid must be a UUID, its text or a Job, not {safe_repr(value)}")
    if not _UUID.fullmatch(value):
        raise OptionError(
            f"malformed uid {safe_repr(value)}: it looks like 0192d3a4-5b6c-7def-8123-456789abcdef"
        )
    return UUID(value)
