"""What a monitor asks about one job."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from steve.core.failure import JobError
from steve.core.job import AttemptStatus
from steve.operations.monitor_jobs import WIDTH, JobRow, likely_end, read_row
from steve.operations.operation import Operation, Rows

LONGEST = 262_144
"""Characters of a payload, result or meta that are shown."""


class Text(NamedTuple):
    """The beginning of some JSON as text, and the size of all of it in bytes."""

    text: str
    bytes: int


class Try(NamedTuple):
    """One start of a job."""

    number: int
    status: AttemptStatus
    started_at: datetime | None
    completed_at: datetime | None
    worker: int | None
    error: JobError | None
    traceback: str | None


class JobDetail(NamedTuple):
    """Everything about one job; of its starts the last 100."""

    job: JobRow
    scheduled_at: datetime
    expires_at: datetime | None
    timeout: float | None
    backoff_strategy: str
    max_crashes: int
    crashes: int
    refunded: int
    unique_key: str | None
    limit_key: str | None
    fair_key: str | None
    actor: str | None
    worker_name: str | None
    fingerprint: str | None
    payload: Text
    result: Text | None
    meta: Text
    attempts: list[Try]
    now: datetime


class Line(NamedTuple):
    """A line of a job's log, from the start with the number `attempt`."""

    id: int
    attempt: int
    at: datetime
    level: int
    message: str


_attempts = msgspec.json.Decoder(
    list[
        tuple[
            int,
            AttemptStatus,
            datetime | None,
            datetime | None,
            int | None,
            str | None,
            dict[str, Any] | None,
        ]
    ]
)


def detail(uid: UUID) -> Operation[JobDetail | None]:
    """Read everything about a job; None if there is no such job."""

    def read(rows: Rows) -> JobDetail | None:
        if not rows:
            return None
        payload, payload_bytes, result, result_bytes, meta, meta_bytes, attempts, now = rows[0][-8:]
        return JobDetail._make(
            (
                read_row(rows[0]),
                *rows[0][WIDTH:-8],
                Text(payload, payload_bytes),
                None if result is None else Text(result, result_bytes),
                Text(meta, meta_bytes),
                [_try(*each) for each in _attempts.decode(attempts or b"[]")],
                now,
            )
        )

    return Operation(
        "monitor/detail",
        {"uid": uid, "most": LONGEST, **likely_end([uid])},
        read,
        repeatable=True,
        planned_once=True,
    )


def content(uid: UUID, what: Literal["payload", "result"]) -> Operation[str | None]:
    """Read a whole payload or result, as JSON; None if there is none."""
    return Operation(
        "monitor/content",
        {"uid": uid, "what": what},
        lambda rows: rows[0][0] if rows else None,
        repeatable=True,
    )


def log(uid: UUID, *, after: int = 0, limit: int = 200) -> Operation[list[Line]]:
    """Read the lines of a job's log after the one with the id `after`, the oldest first."""
    return Operation(
        "monitor/log",
        {"uid": uid, "after": after, "limit": limit},
        lambda rows: [Line(*row) for row in rows],
        repeatable=True,
    )


def _try(
    number: int,
    status: AttemptStatus,
    began: datetime | None,
    ended: datetime | None,
    worker: int | None,
    message: str | None,
    details: dict[str, Any] | None,
) -> Try:
    error = None
    if details is not None or message is not None:
        error = JobError((details or {}).get("type") or "", message or "")
    traceback = (details or {}).get("traceback")
    return Try(number, status, _utc(began), _utc(ended), worker, error, traceback)


def _utc(time: datetime | None) -> datetime | None:
    # Within JSON a time has the zone of the session.
    return None if time is None else time.astimezone(UTC)
