"""One attempt in the hands of this worker, from its claim to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from steve.core.context import CancelReason, CancelSignal, JobLog, job_log
from steve.core.control import ControlSignal
from steve.core.job import Job
from steve.core.outcome import (
    Cancelled,
    ExecutionTimeout,
    Outcome,
    Released,
    decide_error,
)

if TYPE_CHECKING:
    from steve.worker.lines import Lines
    from steve.worker.transaction import Transaction


_MAKING = Lock()
"""A handler in a thread may look at its signal in the moment in which the loop sets it."""


class Desk(Protocol):
    """What a run needs of the worker to serve its handler."""

    @property
    def lines(self) -> Lines:
        """Where log lines go."""
        ...

    def progress(self, run: Run, fraction: float, message: str | None) -> Awaitable[None]:
        """Write progress down."""
        ...

    def transaction(self, run: Run) -> Transaction:
        """Open or join the run's transaction."""
        ...


class NotBegun(Exception):
    """A handler was not called: when its thread had its turn, its job was not for us any more."""


class Run:
    """An attempt that is running, and what its job's handler may use."""

    __slots__ = (
        "_log", "_signal", "claimed_at", "desk", "job", "reminded_at", "started_at",
        "stuck_reported", "task", "timer", "told_at", "transaction_block",
    )  # fmt: skip

    def __init__(self, job: Job, claimed_at: float, desk: Desk) -> None:
        self.job = job
        self.claimed_at = claimed_at
        """On the monotonic clock: when the claim was answered."""
        self.desk = desk
        self.started_at = 0.0
        self._signal: CancelSignal | None = None
        self.task: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.told_at: float | None = None
        self.reminded_at = 0.0
        self.stuck_reported = False
        self.transaction_block: Transaction | None = None
        self._log: JobLog | None = None

    @property
    def signal(self) -> CancelSignal:
        """Set when the handler must stop. Made for those who look at it."""
        if self._signal is None:
            with _MAKING:
                self._signal = self._signal or CancelSignal()
        return self._signal

    @property
    def wait(self) -> float:
        """Seconds from the claim to the handler's start."""
        return self.started_at - self.claimed_at

    @property
    def log(self) -> JobLog:
        """The job's logger, which keeps what it logs."""
        if self._log is None:
            with _MAKING:
                book = self.desk.lines.notebook(self.job)
                self._log = self._log or job_log(self.job, book)
        return self._log

    def progress(self, fraction: float, message: str | None) -> Awaitable[None]:
        """Write progress down."""
        return self.desk.progress(self, fraction, message)

    def transaction(self) -> Transaction:
        """Open or join the job's transaction."""
        return self.desk.transaction(self)

    def tell(self, reason: CancelReason) -> None:
        """Tell the handler to stop. Only the first reason counts."""
        if self.signal.set(reason):
            self.told_at = monotonic()
            self.tell_again()

    def tell_again(self) -> None:
        """Cancel the handler, once more if it swallowed its first cancellation."""
        self.reminded_at = monotonic()
        # A task that is cancelled before its first step would end without having begun.
        if self.task is not None and self.started_at:
            self.task.cancel()

    def decide(self, error: BaseException | None) -> Outcome:
        """Decide what the handler's end means, if it raised or was told to stop."""
        if isinstance(error, NotBegun):
            error = None
        reason = self.signal.reason
        if reason == "timeout":
            late = ExecutionTimeout()
            late.__cause__ = error
            return decide_error(late, self.job)
        if reason == "cancelled":
            return Cancelled()
        if error is None or (reason is not None and not isinstance(error, ControlSignal)):
            # The worker stops, or must assume that the job was given to others.
            return Released()
        return decide_error(error, self.job)
