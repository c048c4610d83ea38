"""Every event that the runtime emits. Durations are in seconds."""

from __future__ import annotations

import msgspec

from steve.core.job import Job


class Event(msgspec.Struct, frozen=True):
    """Something that happened."""


class WorkerStarted(Event, frozen=True):
    """A worker is registered and begins to claim."""

    worker: int
    name: str
    concurrency: int
    queues: tuple[str, ...]
    types: tuple[str, ...] | None


class WorkerStopping(Event, frozen=True):
    """A worker claims nothing more and waits for its running handlers."""

    worker: int
    running: int
    grace: float


class WorkerStopped(Event, frozen=True):
    """A worker has ended; everything it knew is written."""

    worker: int


class WorkerFailed(Event, frozen=True):
    """A worker cannot go on."""

    worker: int
    error: BaseException


class StopRequested(Event, frozen=True):
    """Somebody asked the worker to stop."""

    worker: int


class JobsClaimed(Event, frozen=True):
    """A claim brought jobs."""

    worker: int
    count: int
    seconds: float


class AttemptStarted(Event, frozen=True):
    """A handler is about to be called."""

    job: Job


class AttemptEnded(Event, frozen=True):
    """The end of an attempt is committed; the job has its new status."""

    job: Job
    seconds: float


class ClaimLost(Event, frozen=True):
    """An attempt ended, but its job had been given to somebody else. Nothing was written."""

    job: Job


class HandlerStuck(Event, frozen=True):
    """A handler goes on although it was told to stop; it still counts as running."""

    job: Job
    reason: str
    seconds: float


class ResultReplaced(Event, frozen=True):
    """A job completed, but its result could not be stored."""

    job: Job
    reason: str


class LeaseRenewalFailed(Event, frozen=True):
    """A renewal did not get through; `left` is what remains before handlers are cancelled."""

    worker: int
    error: BaseException
    left: float


class LeaseLost(Event, frozen=True):
    """The worker was silent for too long: its handlers are cancelled."""

    worker: int
    reason: str


class StatementFailed(Event, frozen=True):
    """A background statement failed and will be tried again in `retry_in` seconds."""

    what: str
    error: BaseException
    retry_in: float


class WorkersBuried(Event, frozen=True):
    """Workers were found to be silent beyond their leases, or gone with jobs in their hands."""

    workers: tuple[int, ...]


class JobsRescued(Event, frozen=True):
    """Jobs were taken from dead workers: `again` will run again, the others are over."""

    again: int
    failed: int
    cancelled: int


class JobsParked(Event, frozen=True):
    """Jobs that no live worker handles were put aside until one does."""

    queue: str
    type: str
    count: int


class JobsUnparked(Event, frozen=True):
    """Jobs put aside are back: this worker handles them."""

    count: int


class PartitionsRemoved(Event, frozen=True):
    """Partitions past their retention were dropped."""

    names: tuple[str, ...]


class PartitionBusy(Event, frozen=True):
    """A partition past its retention cannot be removed yet: somebody still reads it."""

    name: str


class DatabaseAwaited(Event, frozen=True):
    """The database is not there, or takes no writes: it is tried again and again."""

    where: str
    reason: str


class DatabaseReached(Event, frozen=True):
    """The database is there again, after so many seconds."""

    seconds: float


class ListenUnavailable(Event, frozen=True):
    """Notifications do not arrive; polling goes on."""

    reason: str


class ListenRestored(Event, frozen=True):
    """Notifications arrive again."""


class LoopBlocked(Event, frozen=True):
    """The event loop did not get to run for some time: a handler blocks it."""

    worker: int
    seconds: float
