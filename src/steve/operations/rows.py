"""Rows of the database as the values people hold."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from steve.core.backoff import Backoff, parse_stored
from steve.core.codec import decode
from steve.core.errors import PayloadError
from steve.core.job import Attempt, AttemptStatus, Job, Progress
from steve.core.outcome import JobError
from steve.operations.operation import Row

_attempts = msgspec.json.Decoder(
    list[
        tuple[
            int,
            int,
            datetime | None,
            datetime | None,
            AttemptStatus,
            str | None,
            dict[str, Any] | None,
            int | None,
        ]
    ]
)


@lru_cache(maxsize=256)
def read_backoff(text: str) -> str | Backoff:
    """Read a stored strategy; the two with a name of their own stay names."""
    return text if text in {"exp", "none"} else parse_stored(text)


def read_job(row: Row) -> Job:
    """Read the columns of a job in the order of `jobs/find.sql`."""
    (
        id, uid, attempt_id, type, payload, result, status, attempts, refunded, crashes,
        max_attempts, max_crashes, created_at, updated_at, started_at, completed_at, run_at,
        scheduled_at, expires_at, backoff, queue, priority, timeout, unique_key, limit_key,
        fair_key, tags, meta, fraction, message, worker, error,
    ) = row[:32]  # fmt: skip
    return Job(
        id, uid, attempt_id, type, _shown(payload), _shown(result), status, attempts, refunded,
        crashes, max_attempts, max_crashes, created_at, updated_at, started_at, completed_at,
        run_at, scheduled_at, expires_at, read_backoff(backoff), queue, priority, timeout,
        unique_key, limit_key, fair_key, True, tags, _shown(meta),
        Progress(fraction or 0.0, message), worker,
        None if error is None else msgspec.json.decode(error, type=JobError),
    )  # fmt: skip


def read_claimed(row: Row, worker: int) -> Job:
    """Read a job that was just claimed, in the order of `worker/claim.sql`."""
    (
        id, uid, attempt_id, type, payload, attempts, refunded, crashes, max_attempts, max_crashes,
        created_at, attempted_at, started_at, run_at, scheduled_at, expires_at, backoff, queue,
        priority, timeout, unique_key, limit_key, fair_key, tags, meta,
    ) = row[:25]  # fmt: skip
    try:
        content = decode(payload)
    except PayloadError as error:
        # Written by hand, and no Python can hold it. The job fails by itself, not its batch.
        content = error
    return Job(
        id, uid, attempt_id, type, content, None, "running", attempts, refunded, crashes,
        max_attempts, max_crashes, created_at, attempted_at, started_at or attempted_at, None,
        run_at, scheduled_at, expires_at, read_backoff(backoff), queue, priority, timeout,
        unique_key, limit_key, fair_key, True, tags or [],
        {} if meta is None else _shown(meta), Progress(), worker,
    )  # fmt: skip


def _shown(data: bytes | None) -> Any:
    """Read JSON to be looked at; where Python cannot hold it, its text."""
    if data is None:
        return None
    try:
        return decode(data)
    except PayloadError:
        return data.decode(errors="replace")


def read_attempts(job: Job, log: bytes | None) -> list[Attempt]:
    """Read the attempts of a job, as `jobs/find.sql` gathers them, the oldest first."""
    if log is None:
        return []
    return [
        Attempt(id, job.id, number, _utc(began), _utc(ended), status, message, details, worker)
        for id, number, began, ended, status, message, details, worker in _attempts.decode(log)
    ]


def _utc(time: datetime | None) -> datetime | None:
    # Within JSON a time has the zone of the session.
    return None if time is None else time.astimezone(UTC)
