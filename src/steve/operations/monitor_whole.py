"""What a monitor asks about the whole: queues, workers, rates, errors, and what people did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from steve.core.failure import JobError
from steve.core.histogram import Histogram
from steve.core.job import JobStatus
from steve.operations.operation import Operation, Row, Rows, nothing
from steve.operations.worker import WorkerInfo

PARTS = 24
"""Stretches of time for which failures are counted."""


class QueueState(NamedTuple):
    """A queue: what is in it, and how it did in the last minute that was sampled (None: nothing
    was). Rates are jobs per second, `oldest_ready` seconds that the oldest job has been due, None
    also while the queue is paused."""

    name: str
    ready: int
    scheduled: int
    running: int
    blocked: int
    workers: int
    paused: bool
    paused_at: datetime | None
    paused_until: datetime | None
    paused_by: str | None
    oldest_ready: float | None
    completed_rate: float | None
    failed_rate: float | None
    waits: Histogram


class Ended(NamedTuple):
    """What has ended lately, in jobs per second."""

    now: datetime
    completed_rate: float
    failed_rate: float


class Archived(msgspec.Struct, frozen=True):
    """Archived jobs of one status: exactly, by estimate, or at least so many."""

    status: JobStatus
    count: int
    exact: bool
    at_least: bool


class Held(NamedTuple):
    """A job in the hands of a worker."""

    uid: UUID
    type: str
    attempted_at: datetime
    progress: float | None
    progress_message: str | None


class WorkerState(NamedTuple):
    """A worker that is alive, with the 20 jobs that it has run for longest."""

    worker: WorkerInfo
    jobs: list[Held]


class Sample(NamedTuple):
    """How things went in a stretch of time: what ended in it, what there was at its end (None
    where that was not counted). `waits` are from being due to the start, `runs` from there to the
    end."""

    began_at: datetime
    ready: int | None
    scheduled: int | None
    running: int | None
    oldest_ready: float | None
    completed: int
    failed: int
    cancelled: int
    expired: int
    waits: Histogram
    runs: Histogram


class ErrorGroup(msgspec.Struct, frozen=True):
    """Failed jobs of one type with one exception from one place, which is what `fingerprint` tells.

    `error` is that of the last one, `uid` its job. `counts` are failures in each 24th of the time
    looked at, `retrying` live jobs that are to be tried again (None: too many to look at).
    """

    fingerprint: str
    type: str
    error: JobError
    count: int
    first_at: datetime
    last_at: datetime
    uid: UUID
    counts: list[int]
    retrying: int | None = None


class Failures(NamedTuple):
    """Failures, grouped, the most frequent first. `since`: only those from then on were looked at,
    as there are more than were asked for; None when all were."""

    groups: list[ErrorGroup]
    since: datetime | None


class Done(NamedTuple):
    """Something that somebody did in a monitor."""

    id: int
    at: datetime
    actor: str | None
    action: str
    target: dict[str, Any]
    changed: int


class Names(NamedTuple):
    """Types and queues that have been seen lately."""

    types: list[str]
    queues: list[str]


def queue_states() -> Operation[list[QueueState]]:
    """List every queue that has jobs, workers or settings, by name."""
    return Operation(
        "monitor/queues",
        {},
        lambda rows: [QueueState._make((*row[:-1], Histogram(row[-1] or ()))) for row in rows],
        repeatable=True,
    )


def ended(seconds: float = 5.0) -> Operation[Ended]:
    """Say at which rate jobs have ended in the last `seconds`."""

    def read(rows: Rows) -> Ended:
        now, completed, failed, cut, span = rows[0]
        # Where the last jobs were too many to count, they cover less time.
        time = max(span if cut else seconds, 0.001)
        return Ended(now, completed / time, failed / time)

    return Operation("monitor/ended", {"seconds": seconds}, read, repeatable=True)


def archived() -> Operation[list[Archived]]:
    """Count what is archived, as far as that is done quickly."""
    return Operation(
        "monitor/archived", {}, lambda rows: [Archived(*row) for row in rows], repeatable=True
    )


def worker_states() -> Operation[list[WorkerState]]:
    """List the workers that are alive with what they run."""

    def read(rows: Rows) -> list[WorkerState]:
        states: dict[int, WorkerState] = {}
        for row in rows:
            state = states.setdefault(row[0], WorkerState(WorkerInfo(*row[:14]), []))
            if row[14] is not None:
                state.jobs.append(Held(*row[14:]))
        return list(states.values())

    return Operation("monitor/workers", {}, read, repeatable=True)


def history(width: int, since: datetime, queue: str = "") -> Operation[list[Sample]]:
    """Read the samples of `width` seconds from `since` on: of a queue, or of all together."""
    return Operation(
        "monitor/history",
        {"width": width, "since": since, "queue": queue},
        lambda rows: [
            Sample._make((*row[:9], Histogram(row[9]), Histogram(row[10]))) for row in rows
        ],
        repeatable=True,
    )


def failures(
    seconds: float, *, types: Sequence[str] | None = None, window: int = 20_000
) -> Operation[Failures]:
    """Group the last `window` failures of the last `seconds`."""

    def read(rows: Rows) -> Failures:
        if not rows:
            return Failures([], None)
        looked_at, first = rows[0][-2:]
        return Failures([_group(row) for row in rows], first if looked_at == window else None)

    return Operation(
        "monitor/errors",
        {"seconds": seconds, "types": None if types is None else list(types), "window": window},
        read,
        repeatable=True,
        planned_anew=True,
    )


def retrying() -> Operation[dict[tuple[str, str], int] | None]:
    """Count live jobs that have failed before, by fingerprint and type; None: too many to look."""

    def read(rows: Rows) -> dict[tuple[str, str], int] | None:
        if not rows[0][0]:
            return None
        return {(fingerprint, type): count for _, fingerprint, type, count in rows if count}

    return Operation("monitor/retrying", {}, read, repeatable=True)


def grouped(found: Failures, live: Mapping[tuple[str, str], int] | None) -> list[ErrorGroup]:
    """Say of each group how many live jobs are to be tried again."""
    if live is None:
        return found.groups
    return [
        msgspec.structs.replace(group, retrying=live.get((group.fingerprint, group.type), 0))
        for group in found.groups
    ]


def names() -> Operation[Names]:
    """Read the types and queues that have been seen lately."""
    return Operation("monitor/names", {}, lambda rows: Names(*rows[0]), repeatable=True)


def record(
    actor: str | None, action: str, target: Mapping[str, Any], changed: int
) -> Operation[None]:
    """Note down what somebody did, and how many things that has changed."""
    return Operation(
        "monitor/record",
        {
            "actor": actor,
            "action": action,
            "target": msgspec.json.encode(target).decode(),
            "changed": changed,
        },
        nothing,
    )


def actions(limit: int = 50) -> Operation[list[Done]]:
    """Read what was done lately, the last first."""
    return Operation(
        "monitor/actions",
        {"limit": limit},
        lambda rows: [Done._make((*row[:4], msgspec.json.decode(row[4]), row[5])) for row in rows],
        repeatable=True,
    )


def request_stop(worker: int) -> Operation[bool]:
    """Ask a worker to stop gracefully; returns whether it is alive."""
    return Operation("workers/stop", {"worker": worker}, bool, repeatable=True)


def _group(row: Row) -> ErrorGroup:
    fingerprint, type, error, message, jobs, first_at, last_at, uid, parts = row[:9]
    found = Counter(min(max(part, 1), PARTS) for part in parts)
    counts = [found[part] for part in range(1, PARTS + 1)]
    return ErrorGroup(
        fingerprint, type, JobError(error, message), jobs, first_at, last_at, uid, counts
    )
