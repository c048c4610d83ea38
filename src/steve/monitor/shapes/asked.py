"""What the API is asked, and what it answers when it has done it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from steve.core.job import JobStatus
from steve.monitor.shapes.jobs import Verb

# PostgreSQL holds no NUL in text.
Name = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\u0000]*$")]
Text = Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"^[^\u0000]*$")]
Instant = Annotated[datetime, Meta(tz=True)]
After = Annotated[str, Meta(min_length=1, max_length=200)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Names = Annotated[list[Name], Meta(max_length=100)]
Uids = Annotated[list[UUID], Meta(max_length=500)]


class Filter(msgspec.Struct, forbid_unknown_fields=True):
    """Which jobs: those that match all that is given. `error` is part of the error's type or
    message, `path` an SQL/JSON path that finds something in the payload, `since` and `until` limit
    the time of creation."""

    status: Annotated[list[JobStatus], Meta(max_length=7)] = []
    type: Names = []
    queue: Names = []
    tag: Name | None = None
    error: Text | None = None
    fingerprint: Name | None = None
    path: Text | None = None
    since: Instant | None = None
    until: Instant | None = None


class Act(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be done: with the jobs named, or with a stretch of those that match a filter,
    from the cursor `after` on."""

    action: Verb
    uids: Uids = []
    filter: Filter | None = None
    after: After | None = None


class Pause(msgspec.Struct, forbid_unknown_fields=True):
    """A queue to be paused, for good or for so many seconds."""

    name: Name
    seconds: Annotated[float, Meta(gt=0, le=315_360_000)] | None = None


class Resume(msgspec.Struct, forbid_unknown_fields=True):
    """A queue to be resumed."""

    name: Name


class Stop(msgspec.Struct, forbid_unknown_fields=True):
    """A worker to be stopped gracefully."""

    id: Number


class Watch(msgspec.Struct, forbid_unknown_fields=True):
    """Jobs that a page shows: their changes come with its events."""

    client: Annotated[str, Meta(min_length=1, max_length=100)]
    uids: Annotated[list[UUID], Meta(max_length=200)]


class Changed(msgspec.Struct, frozen=True):
    """What an action has changed. `next` is the cursor to go on with if the filter may match more;
    `missed` are jobs named by uid that were in no state for it, or are unknown."""

    changed: list[UUID]
    missed: list[UUID]
    next: str | None = None


class Done(msgspec.Struct, frozen=True):
    """Whether an action found what it was about."""

    done: bool
