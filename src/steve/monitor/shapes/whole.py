"""What the API says about the whole: queues, workers, rates, and who is looking."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from steve.core.job import JobStatus


class Session(msgspec.Struct, frozen=True):
    """Who looks, and what they may do. `csrf` goes into the header `X-Steve-Token` of actions."""

    viewer: str
    may_act: bool
    csrf: str
    title: str
    schema: str
    version: str


class QueueRow(msgspec.Struct, frozen=True):
    """A queue. Rates are jobs per second over the last minute, latencies from being due to the
    start, both None while nothing has been sampled."""

    name: str
    ready: int
    scheduled: int
    running: int
    workers: int
    paused: bool
    paused_at: datetime | None
    paused_until: datetime | None
    paused_by: str | None
    completed_rate: float | None
    failed_rate: float | None
    wait_p50: float | None
    wait_p95: float | None


class Queues(msgspec.Struct, frozen=True):
    """All queues, by name."""

    queues: list[QueueRow]


class RunningJob(msgspec.Struct, frozen=True):
    """A job in the hands of a worker."""

    uid: UUID
    type: str
    attempted_at: datetime
    progress: float | None
    progress_message: str | None


class WorkerRow(msgspec.Struct, frozen=True):
    """A worker that is alive. `memory` is in bytes; `jobs` are those it is running, at most a few
    of them."""

    id: int
    name: str
    host: str
    pid: int
    version: str
    queues: list[str]
    types: list[str] | None
    concurrency: int
    running: int
    memory: int | None
    registered_at: datetime
    renewed_at: datetime
    lease_left: float
    stopping: bool
    jobs: list[RunningJob]


class Workers(msgspec.Struct, frozen=True):
    """All workers that are alive."""

    workers: list[WorkerRow]


class StatusCount(msgspec.Struct, frozen=True):
    """Jobs of one status. Where `exact` is False the number is an estimate, or a lower bound if
    `at_least`."""

    status: JobStatus
    count: int
    exact: bool = True
    at_least: bool = False


class Alarm(msgspec.Struct, frozen=True):
    """Something that `steve doctor` has found."""

    check: str
    status: Literal["error", "warning", "unknown"]
    found: str
    remedy: str


class Action(msgspec.Struct, frozen=True):
    """Something that somebody did in a monitor. `target` says to what, in a few words."""

    id: int
    at: datetime
    actor: str | None
    action: str
    target: str
    changed: int


class Actions(msgspec.Struct, frozen=True):
    """What was done in monitors, the last first."""

    actions: list[Action]


class Pulse(msgspec.Struct, frozen=True):
    """How the whole is doing at this moment. `interval` is how many seconds go by until the next
    pulse; it grows where looking is slow. Rates are jobs per second at this moment."""

    now: datetime
    interval: float
    counts: list[StatusCount]
    completed_rate: float
    failed_rate: float
    oldest_ready: float | None
    queues: list[QueueRow]
    workers: list[WorkerRow]


class Overview(msgspec.Struct, frozen=True):
    """The pulse, with what `steve doctor` has found lately and what was done lately."""

    pulse: Pulse
    alarms: list[Alarm]
    checked_at: datetime | None
    actions: list[Action]


class History(msgspec.Struct, frozen=True):
    """The course of things: parallel lists, one entry for every `width` seconds from `times`
    (seconds since 1970) on. Counts are per entry; depths are those at its end; percentiles are
    estimates from a histogram, None where nothing ended."""

    width: int
    times: list[int]
    completed: list[int]
    failed: list[int]
    ready: list[int | None]
    scheduled: list[int | None]
    running: list[int | None]
    wait_p50: list[float | None]
    wait_p95: list[float | None]
    run_p50: list[float | None]
    run_p95: list[float | None]


class Names(msgspec.Struct, frozen=True):
    """What filters may be set to: types and queues that have been seen lately."""

    types: list[str]
    queues: list[str]


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused, in a sentence for people."""

    detail: str
