"""Creating jobs: one or a few through the database's function, many through COPY."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from steve.core.job import PreparedJob
from steve.operations.operation import Operation, Rows, first_column, nothing


class Created(NamedTuple):
    """What the database decided about a job it was given."""

    id: int
    uid: UUID
    status: str
    created_at: datetime
    run_at: datetime


_encode = msgspec.json.Encoder().encode


def create(
    jobs: Sequence[PreparedJob], *, resent: bool = False, actor: str | None = None
) -> Operation[list[Created]]:
    """Create jobs. `resent`: those that exist already are left alone, and not returned."""
    return Operation(
        "jobs/create",
        {
            "jobs": _encode([_as_object(job) for job in jobs]).decode(),
            "actor": actor,
            "resent": resent,
        },
        _read_created,
    )


def create_one(
    job: PreparedJob, *, alone: bool = False, actor: str | None = None
) -> Operation[list[Created]]:
    """Create one job that was not sent before, in half the time.

    `alone` says that its transaction will create no other.
    """
    return Operation(
        "jobs/create_one",
        {
            "uid": job.uid,
            "type": job.type,
            "payload": job.payload,
            "queue": job.queue,
            "priority": job.priority,
            "run_at": job.run_at,
            "delay": job.delay,
            "timeout": job.timeout,
            "max_attempts": job.max_attempts,
            "max_crashes": job.max_crashes,
            "backoff_strategy": job.backoff,
            "tags": job.tags,
            "meta": job.meta,
            "actor": actor,
            "told": _encode([job.uid, job.queue, job.type]).decode() if alone else "",
        },
        _read_created,
    )


class Told(NamedTuple):
    """What a sleeping worker is told of a job that is there for it."""

    uid: UUID
    queue: str
    type: str


_told = msgspec.json.Decoder(Told)


def read_told(payload: str) -> Told | None:
    """Read a notification; None when it says no more than that there is something."""
    try:
        return _told.decode(payload)
    except msgspec.DecodeError:
        return None


def _read_created(rows: Rows) -> list[Created]:
    return [Created(*row) for row in rows]


def _as_object(job: PreparedJob) -> dict[str, Any]:
    """Say what a job is; what is left out has the column's default."""
    fields: dict[str, Any] = {
        "uid": job.uid,
        "type": job.type,
        "payload": msgspec.Raw(job.payload),
        "queue": job.queue,
        "priority": job.priority,
        "max_attempts": job.max_attempts,
        "max_crashes": job.max_crashes,
        "backoff_strategy": job.backoff,
    }
    if job.run_at is not None:
        fields["run_at"] = job.run_at
    if job.delay is not None:
        fields["delay"] = job.delay
    if job.timeout is not None:
        fields["timeout"] = job.timeout
    if job.tags:
        fields["tags"] = job.tags
    if job.meta != b"{}":
        fields["meta"] = msgspec.Raw(job.meta)
    return fields


COPY_COLUMNS = (
    "uid", "type", "payload", "queue", "priority", "run_at", "scheduled_at", "timeout",
    "max_attempts", "max_crashes", "backoff_strategy", "tags", "meta",
)  # fmt: skip
"""The columns that a COPY into `steve.job` fills."""


def clock() -> Operation[datetime]:
    """Ask for the database's time: a COPY has no expressions, so its times are sent."""
    return Operation("jobs/clock", {}, lambda rows: rows[0][0], repeatable=True)


def wake(queues: Sequence[str], types: Sequence[str | None]) -> Operation[None]:
    """Wake sleeping workers for jobs of these queues and types (parallel)."""
    return Operation("jobs/wake", {"queues": list(queues), "types": list(types)}, nothing)


def known(uids: Sequence[UUID]) -> Operation[list[UUID]]:
    """Ask which of these uids exist, live or archived."""
    return Operation("jobs/known", {"uids": list(uids)}, first_column, repeatable=True)
