"""What the API is asked, and what it answers when it has done it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from steve.core.job import JobStatus
from steve.monitor.shapes.jobs import Verb


class Filter(msgspec.Struct, forbid_unknown_fields=True):
    """Which jobs: those that match all that is given. `error` is part of the error's type or
    message, `path` an SQL/JSON path that finds something in the payload, `since` and `until` limit
    the time of creation."""

    status: list[JobStatus] = []
    type: list[str] = []
    queue: list[str] = []
    tag: str | None = None
    error: str | None = None
    fingerprint: str | None = None
    path: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Act(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be done: with the jobs named, or with a stretch of those that match a filter,
    from the cursor `after` on."""

    action: Verb
    uids: list[UUID] = []
    filter: Filter | None = None
    after: str | None = None


class Pause(msgspec.Struct, forbid_unknown_fields=True):
    """A queue to be paused, for good or for so many seconds."""

    name: str
    seconds: float | None = None


class Resume(msgspec.Struct, forbid_unknown_fields=True):
    """A queue to be resumed."""

    name: str


class Stop(msgspec.Struct, forbid_unknown_fields=True):
    """A worker to be stopped gracefully."""

    id: int


class Watch(msgspec.Struct, forbid_unknown_fields=True):
    """Jobs that a page shows: their changes come with its events."""

    client: str
    uids: list[UUID]


class Changed(msgspec.Struct, frozen=True):
    """What an action has changed. `next` is the cursor to go on with if the filter may match more;
    `missed` are jobs named by uid that were in no state for it, or are unknown."""

    changed: list[UUID]
    missed: list[UUID]
    next: str | None = None


class Done(msgspec.Struct, frozen=True):
    """Whether an action found what it was about."""

    done: bool
