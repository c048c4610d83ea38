"""What the API says about jobs. The descriptions here are those of its OpenAPI document.

Times are ISO 8601 with their zone, by the database's clock; durations are seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from steve.core.job import AttemptStatus, JobStatus

Verb = Literal["retry", "cancel", "delete"]


class Content(msgspec.Struct, frozen=True):
    """JSON from a job, as text, cut after a while. `hidden` says why there is none."""

    text: str
    bytes: int
    cut: bool = False
    hidden: str | None = None


class Error(msgspec.Struct, frozen=True):
    """Why a job's last attempt failed."""

    type: str
    message: str


class Row(msgspec.Struct, frozen=True):
    """A job in a list. `preview` is the beginning of its payload; `duration` that of its last
    attempt, so far or in all; `log_id` that of its newest log line."""

    id: int
    uid: UUID
    type: str
    queue: str
    status: JobStatus
    priority: int
    attempts: int
    max_attempts: int
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    attempted_at: datetime | None
    completed_at: datetime | None
    updated_at: datetime
    duration: float | None
    progress: float | None
    progress_message: str | None
    cancelling: bool
    tags: list[str]
    error: Error | None
    preview: str
    worker: int | None
    log_id: int | None = None


class Page(msgspec.Struct, frozen=True):
    """Jobs. `next` is the cursor of the page that follows, None after the last one. A search looks
    at so many jobs and no further: then `complete` is False, and `next` goes on from there."""

    jobs: list[Row]
    next: str | None
    complete: bool


class Count(msgspec.Struct, frozen=True):
    """How many jobs of a stretch match; `next` is the cursor of the stretch that follows."""

    count: int
    next: str | None


class AttemptRow(msgspec.Struct, frozen=True):
    """One start of a job. `wait` is the time from when it was due until it started."""

    number: int
    status: AttemptStatus
    started_at: datetime | None
    completed_at: datetime | None
    duration: float | None
    worker: int | None
    error: Error | None
    traceback: str | None


class Detail(msgspec.Struct, frozen=True):
    """Everything about one job. `actions` are those that its status allows."""

    job: Row
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
    payload: Content
    result: Content | None
    meta: Content
    attempts: list[AttemptRow]
    actions: list[Verb]
    now: datetime


class LogLine(msgspec.Struct, frozen=True):
    """A line of a job's log. `level` is that of Python's logging: 20 is INFO."""

    id: int
    attempt: int
    at: datetime
    level: int
    message: str


class Log(msgspec.Struct, frozen=True):
    """Lines of a job's log, the oldest first; `next` is the id to go on after."""

    lines: list[LogLine]
    next: int
    more: bool


class ErrorRow(msgspec.Struct, frozen=True):
    """Failures of one type of job with one exception from one place. `counts` are failures over
    time, `retrying` live jobs that are to be tried again (None: too many to look at)."""

    fingerprint: str
    type: str
    error: Error
    count: int
    retrying: int | None
    first_at: datetime
    last_at: datetime
    uid: UUID
    counts: list[int]


class Errors(msgspec.Struct, frozen=True):
    """Failures since `since`, grouped, the most frequent first. `counts` of the groups are for
    each `width` seconds. Where `complete` is False only the newest failures were looked at, those
    since `since`."""

    groups: list[ErrorRow]
    since: datetime
    width: float
    complete: bool
