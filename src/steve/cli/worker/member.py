"""One worker process of a fleet, as its supervisor sees it."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress

REPORT_EVERY = 1.0
"""Seconds between the signs of life that a worker process gives its supervisor."""

OVERDUE = 10.0
"""Seconds without a sign of life after which a process counts as stuck."""

_STARTING = 60.0
"""Seconds that a process may take to import the user's code before it counts as stuck."""

ALIVE = b"a"
READY = b"r"
STUCK = b"s"


class Member:
    """A running process and what it reported last, through a pipe.

    The pipe serves both ways: the process also learns from it that its supervisor is gone.
    """

    def __init__(self, number: int, process: asyncio.subprocess.Process, pipe: int) -> None:
        self.number = number
        self.process = process
        self.started = time.monotonic()
        self._pipe = pipe
        self._report: bytes | None = None
        self._reported = self.started
        os.set_blocking(pipe, False)
        asyncio.get_running_loop().add_reader(pipe, self._read)

    @classmethod
    async def spawn(cls, number: int, command: list[str]) -> Member:
        """Start `command` with `--report-fd`, out of reach of the terminal's Ctrl-C."""
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                f"--report-fd={writing}",
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(writing,),
                # The terminal would send Ctrl-C to both of us: two signals instead of one.
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return cls(number, process, reading)

    @property
    def age(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def alive(self) -> bool:
        """Whether it works as far as can be told; a new process has some time to start."""
        if self._report is None:
            return self.age < _STARTING
        return self._report != STUCK and time.monotonic() - self._reported < OVERDUE

    @property
    def ready(self) -> bool:
        """Whether it is registered and reaches the database."""
        return self._report == READY and self.alive

    def send(self, signal: int) -> None:
        """Send a signal, if the process is still there."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal)

    async def ended(self) -> int:
        """Wait for the end; returns the exit code, below zero for a signal."""
        try:
            return await self.process.wait()
        finally:
            self._close()

    def _read(self) -> None:
        try:
            heard = os.read(self._pipe, 4096)
        except BlockingIOError:
            return
        if heard:
            self._report, self._reported = heard[-1:], time.monotonic()
        else:
            self._close()

    def _close(self) -> None:
        if self._pipe >= 0:
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = -1
