"""Log lines of handlers on their way to the database: written with the next group.

They come from any thread, and are written before the end of their attempt is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from time import monotonic

from steve.core.job import Job
from steve.database.errors import is_connection_lost, is_missing_partition
from steve.operations.finish import Logged, Report, log
from steve.operations.maintenance import create_partitions
from steve.telemetry.catalogue import StatementFailed
from steve.telemetry.telemetry import Telemetry
from steve.worker.lane import Lane

MOST_LINES = 1000
MOST_BYTES = 262_144
"""What is kept of one attempt."""

GROUP = 1000
"""Lines in a statement."""

PATIENCE = 5.0
"""Seconds that a transaction waits for the lines of its attempt before it commits."""

_WARNING = 30


class Notebook:
    """Keeps what one attempt logs, up to a limit; what is beyond is counted."""

    __slots__ = ("_lines", "bytes", "job", "left_out", "number")

    def __init__(self, lines: Lines, job: Job) -> None:
        self._lines = lines
        self.job = job
        self.number = 0
        self.bytes = 0
        self.left_out = 0

    def keep(self, level: int, text: str) -> None:
        """Take a line; from any thread."""
        self._lines.add(self, level, text)


class Lines:
    """What handlers have logged since it was last written. `wake` makes somebody call `write`."""

    def __init__(self, lane: Lane, telemetry: Telemetry, wake: Callable[[], None]) -> None:
        self._lane = lane
        self._telemetry = telemetry
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._guard = Lock()
        self._pending: list[Logged] = []
        self._full: dict[int, Notebook] = {}
        self._writing = False
        self._written = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._pending)

    def notebook(self, job: Job) -> Notebook:
        """Make what keeps the lines of an attempt that begins to log."""
        return Notebook(self, job)

    def add(self, book: Notebook, level: int, text: str) -> None:
        """Take a line, from any thread, and have it written soon."""
        size = len(text.encode())
        with self._guard:
            if book.left_out or book.number >= MOST_LINES or book.bytes + size > MOST_BYTES:
                book.left_out += 1
                self._full[book.job.attempt_id or 0] = book
                return
            book.number += 1
            book.bytes += size
            first = not self._pending
            self._pending.append(Logged(book.job, monotonic(), min(level, 32_767), text))
        if first:
            # The loop may be closed where a handler was left behind.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake)

    async def write(self, ending: Sequence[Report] = ()) -> None:
        """Write all there is. What the attempts that are `ending` have left out is said."""
        if self._full:
            for report in ending:
                self._say_left_out(report.job)
        if not self._pending:
            return
        with self._guard:
            lines, self._pending = self._pending, []
        self._writing = True
        try:
            for start in range(0, len(lines), GROUP):
                await self._send(lines[start : start + GROUP])
        finally:
            self._writing = False
            self._written.set()
            self._written.clear()

    async def flush(self, job: Job) -> None:
        """Wait until the lines of an attempt that is about to end are written, but not for long."""
        self._say_left_out(job)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                # What is being written now, and after that what waits now.
                for _ in range(2):
                    if self._pending or self._writing:
                        self._wake()
                        await self._written.wait()

    def _say_left_out(self, job: Job) -> None:
        book = self._full.pop(job.attempt_id or 0, None)
        if book is not None:
            text = f"{book.left_out:,} more lines were left out"
            with self._guard:
                self._pending.append(Logged(job, monotonic(), _WARNING, text))

    async def _send(self, lines: Sequence[Logged]) -> None:
        for last in (False, True):
            try:
                await self._lane.run(log(lines, monotonic()))
                return
            except Exception as error:
                missing = is_missing_partition(error)
                if last or not (missing or is_connection_lost(error)):
                    # They are not worth more, and their loss is not worth the outcome of a job.
                    self._telemetry.emit(StatementFailed("writing log lines", error, 0.0))
                    return
            if missing:
                with suppress(Exception):
                    await self._lane.run(create_partitions())
