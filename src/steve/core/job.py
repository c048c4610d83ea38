"""A job, its attempts, and what a caller hands over to create one."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from datetime import datetime
from math import isnan
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args
from uuid import UUID

import msgspec

from steve.core.backoff import Backoff
from steve.core.context import CancelSignal, JobContext, TransactionBlock, job_log
from steve.core.errors import NotInHandler, OptionError, OptionTypeError
from steve.core.failure import JobError
from steve.core.text import cut, safe_repr, safe_str

if TYPE_CHECKING:
    import logging

JobStatus = Literal["pending", "running", "completed", "failed", "cancelled", "expired", "blocked"]
AttemptStatus = Literal["success", "error", "running", "snoozed", "released", "lost", "cancelled"]
STATUSES: tuple[str, ...] = get_args(JobStatus)
TERMINAL: frozenset[str] = frozenset({"completed", "failed", "cancelled", "expired"})
"""The statuses of a job that is over."""

_LONGEST_MESSAGE = 1000


class Progress(msgspec.Struct, dict=True):
    """How far a job is: a share of 1 and a message. Call it inside the handler to report.

    `await job.progress(0.4, "half way")` in an async handler; a `def` handler leaves the await
    out. `float(job.progress)` is the share.
    """

    fraction: float = 0.0
    message: str | None = None

    # Not a field: a lent context must not be copied, pickled, compared or written as JSON.
    if TYPE_CHECKING:
        _context: JobContext | None = None
    else:
        _context = None

    def __call__(self, fraction: float, message: str | None = None) -> Awaitable[None]:
        """Report `fraction` (moved into 0 … 1) and `message` (cut to 1000 bytes).

        Raises `NotInHandler` outside the handler, `OptionError` for NaN, `OptionTypeError`
        when `fraction` is not a number.
        """
        context = _lent(self._context, "progress")
        share = _share(fraction)
        note = None if message is None else cut(safe_str(message), _LONGEST_MESSAGE)
        self.fraction, self.message = share, note
        return context.progress(share, note)

    def __float__(self) -> float:
        return float(self.fraction)


class Job(msgspec.Struct, weakref=True, dict=True, eq=False):
    """A job as it was when it was read. Times are aware and by the database's clock.

    `started_at` is the first start, `run_at` the next one, `scheduled_at` the one first asked
    for. `attempts` counts every start; `refunded` of them do not count against `max_attempts`.
    `timeout` is in seconds. `created` is False when a create found a job in its place.
    """

    id: int
    uid: UUID
    attempt_id: int | None
    type: str
    payload: Any
    result: Any
    status: JobStatus
    attempts: int
    refunded: int
    crashes: int
    max_attempts: int
    max_crashes: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    run_at: datetime
    scheduled_at: datetime
    expires_at: datetime | None
    backoff_strategy: str | Backoff
    queue: str
    priority: int
    timeout: float | None
    unique_key: str | None
    limit_key: str | None
    fair_key: str | None
    created: bool = True
    tags: list[str] = msgspec.field(default_factory=list[str])
    meta: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    progress: Progress = msgspec.field(default_factory=Progress)
    worker: int | None = None
    error: JobError | None = None

    if TYPE_CHECKING:
        _context: JobContext | None = None
        _log: logging.LoggerAdapter[logging.Logger] | None = None
    else:
        _context = None
        _log = None

    def bind(self, context: JobContext | None) -> None:
        """Lend the job what its handler may use; None takes it back. For workers."""
        self._context = context
        self.progress._context = context  # pyright: ignore[reportPrivateUsage]

    @property
    def signal(self) -> CancelSignal:
        """Set when the handler must stop, with the reason. `NotInHandler` outside it."""
        return _lent(self._context, "signal").signal

    @property
    def cancelled(self) -> bool:
        """Inside the handler: whether it must stop. Elsewhere: whether the job was cancelled."""
        if self._context is not None:
            return self._context.signal.is_set()
        return self.status == "cancelled"

    @property
    def suspect(self) -> bool:
        """Whether the job may be what killed the workers that had it: not the first time, unless it
        survives fewer than three. Such jobs run one at a time in a worker."""
        return self.crashes > (1 if self.max_crashes > 2 else 0)

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        """The job's logger: `steve.job`, with uid, type and attempt in each record."""
        if self._context is not None:
            return self._context.log
        if self._log is None:
            self._log = job_log(self)
        return self._log

    def transaction(self) -> TransactionBlock:
        """Open the block whose writes commit together with the job's completion.

        Raises `NotInHandler` outside the handler.
        """
        return _lent(self._context, "transaction()").transaction()

    def __repr__(self) -> str:
        spent = f"attempts={self.attempts}/{self.max_attempts}"
        return f"<Job {self.type} {self.uid} {self.status} {spent}>"


class Attempt(msgspec.Struct):
    """One start of a job and how it ended. `error_details` holds `type` and `traceback`."""

    id: int
    job_id: int
    attempt_number: int
    started_at: datetime | None
    completed_at: datetime | None
    status: AttemptStatus
    error_message: str | None
    error_details: dict[str, Any] | None
    worker: int | None


class Found(NamedTuple):
    """The answer of `find`: the job, or None, and its attempts when they were asked for."""

    job: Job | None
    attempts: list[Attempt] | None


class NewJob(msgspec.Struct, frozen=True):
    """A job to be created, as its author wrote it; `options` are the keywords of `create`."""

    type: str
    payload: Any = None
    options: Mapping[str, Any] = msgspec.field(default_factory=dict[str, Any])


class PreparedJob(msgspec.Struct):
    """A job to be created, checked and encoded: what the create statement takes.

    `payload` and `meta` are JSON. At most one of `run_at` and `delay` (seconds) is set.
    """

    uid: UUID
    type: str
    payload: bytes
    queue: str
    priority: int
    max_attempts: int
    max_crashes: int
    backoff: str
    run_at: datetime | None
    delay: float | None
    timeout: float | None
    tags: list[str]
    meta: bytes


def check_statuses(value: str | Iterable[str | None] | None) -> list[str] | None:
    """Check one status, several, or None; return them without repeats, or None for all.

    Empty entries are dropped, and nothing left means all. Raises `OptionError` naming the
    allowed ones when a status is unknown, `OptionTypeError` for another type.
    """
    if value is None:
        return None
    if isinstance(value, str):
        value = [value]
    try:
        wanted = list(dict.fromkeys(status for status in value if status))
    except TypeError:
        raise OptionTypeError(
            f"status must be text, several of them or None, not {safe_repr(value)}"
        ) from None
    for status in wanted:
        if status not in STATUSES:
            raise OptionError(
                f"unknown status {safe_repr(status)}: allowed are {', '.join(STATUSES)}"
            )
    return wanted or None


def _lent(context: JobContext | None, what: str) -> JobContext:
    if context is None:
        raise NotInHandler(
            f"job.{what} works only on the job that a handler was given, while that handler runs"
        )
    return context


def _share(fraction: float) -> float:
    if isinstance(fraction, bool) or not isinstance(fraction, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise OptionTypeError(f"progress must be a number from 0 to 1, not {safe_repr(fraction)}")
    if isnan(fraction):
        raise OptionError("progress must be a number from 0 to 1, not nan")
    return float(min(max(fraction, 0.0), 1.0))
