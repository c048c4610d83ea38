"""What a monitor asks about jobs: lists, counts, and how some of them are doing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from steve.core.errors import OptionError
from steve.core.failure import JobError
from steve.core.job import TERMINAL, JobStatus
from steve.core.text import safe_repr
from steve.core.uid import uid_time
from steve.operations.operation import Operation, Rows
from steve.operations.operation import Row as AnyRow

Order = Literal["newest", "oldest", "finished"]

WINDOW = 20_000
"""Jobs that a search looks at before it says how far it has come."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK_ERROR = timedelta(minutes=10)
_ENDED_OTHERWISE = TERMINAL - {"completed"}


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs: those that match all that is given.

    `error` is part of the error's type or message, `path` an SQL/JSON path that finds something
    other than null and false in the payload. `since` and `until` limit the time of creation; a job
    whose creator's clock was more than ten minutes off may be missed by them.
    """

    status: Sequence[JobStatus] = ()
    type: Sequence[str] = ()
    queue: Sequence[str] = ()
    tag: str | None = None
    error: str | None = None
    fingerprint: str | None = None
    path: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class JobRow(NamedTuple):
    """A job in a list, with the beginning of its payload and the last attempt's duration in
    seconds. `log_id` is that of its newest log line."""

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
    error: JobError | None
    preview: str
    worker: int | None
    log_id: int | None


WIDTH = 24
"""Columns that a statement returns for a `JobRow`: the error's type and message are two."""


class Found(NamedTuple):
    """Jobs that match. `next` is the cursor to go on with, None after the last job. Where
    `complete` is False the window ended first, and there may be more beyond it."""

    rows: list[JobRow]
    next: str | None
    complete: bool


class FoundUids(NamedTuple):
    """Uids of jobs that match, and the cursor to go on with; see `Found`."""

    uids: list[UUID]
    next: str | None


class Counted(msgspec.Struct, frozen=True):
    """How many of the jobs looked at match, and the cursor to go on with."""

    count: int
    next: str | None


def rows(
    sought: Sought,
    *,
    after: str | None = None,
    limit: int = 50,
    window: int = WINDOW,
    order: Order = "newest",
) -> Operation[Found]:
    """Read a page of the jobs that match, from the cursor `after` on.

    "newest" and "oldest" go by uid, which holds the time of creation; "finished" by the end, and
    only over jobs that have ended. Raises OptionError for a cursor of another order.
    """

    def read(rows: Rows) -> Found:
        found = [read_row(row) for row in rows if row[0] is not None]
        uid, ended, id = rows[0][WIDTH:]
        if len(found) == limit:
            last = found[-1]
            return Found(found, _cursor(order, last.uid, last.completed_at, last.id), True)
        return Found(found, None if id is None else _cursor(order, uid, ended, id), id is None)

    return Operation(
        "monitor/rows",
        {
            **_filters(sought, order),
            **_after(order, after),
            "order": order,
            "window": window,
            "limit": limit,
        },
        read,
        repeatable=True,
        planned_anew=True,
    )


def uids(
    sought: Sought, *, after: str | None = None, limit: int = 500, window: int = WINDOW
) -> Operation[FoundUids]:
    """Read the uids of jobs that match, the newest first: to do something with them."""
    page = rows(sought, after=after, limit=limit, window=window)

    def read(rows: Rows) -> FoundUids:
        found = page.read(rows)
        return FoundUids([row.uid for row in found.rows], found.next)

    return Operation("monitor/rows", page.parameters, read, repeatable=True, planned_anew=True)


def count(sought: Sought, *, after: str | None = None, window: int = WINDOW) -> Operation[Counted]:
    """Count those that match among the next `window` jobs, the newest first."""
    return Operation(
        "monitor/count",
        {**_filters(sought, "newest"), **_after("newest", after), "window": window},
        lambda rows: Counted(rows[0][0], None if rows[0][1] is None else str(rows[0][1])),
        repeatable=True,
        planned_anew=True,
    )


def states(uids: Sequence[UUID]) -> Operation[list[JobRow]]:
    """Read how these jobs are doing, with their newest log lines. Unknown uids are missing."""
    return Operation(
        "monitor/states",
        {"uids": list(uids), **likely_end(uids)},
        lambda rows: [read_row(row) for row in rows],
        repeatable=True,
        planned_once=True,
    )


def read_row(row: AnyRow) -> JobRow:
    """Read the columns of a job in the order of `monitor/rows.sql`."""
    error = None if row[19] is None else JobError(row[19], row[20] or "")
    return JobRow._make((*row[:19], error, *row[21:WIDTH]))


def refused_path(error: Exception, sought: Sought) -> OptionError | None:
    """Return what is wrong with the path of a search, if that is what the database has refused."""
    state = getattr(error, "sqlstate", None) or ""
    if sought.path is None or not (state.startswith("22") or state in {"42601", "0A000"}):
        return None
    said = getattr(getattr(error, "diag", None), "message_primary", None)
    return OptionError(f"PostgreSQL refuses the path {safe_repr(sought.path)}: {said or error}")


def likely_end(uids: Iterable[UUID]) -> dict[str, datetime]:
    """Say when jobs with these uids have probably ended, for `monitor/states.sql`."""
    ever = datetime(9000, 1, 1, tzinfo=UTC)
    times = [min(time, ever) for time in map(uid_time, uids) if time is not None] or [ever]
    return {"earliest": min(times) - timedelta(days=1), "latest": max(times) + timedelta(days=2)}


def _filters(sought: Sought, order: Order) -> dict[str, Any]:
    by_uid = order != "finished"
    return {
        "stretch": _stretch(sought.status, order),
        "statuses": list(sought.status) or None,
        "types": list(sought.type) or None,
        "queues": list(sought.queue) or None,
        "tag": sought.tag,
        "fingerprint": sought.fingerprint,
        "since": sought.since,
        "until": sought.until,
        "error": None if sought.error is None else _pattern(sought.error),
        "path": sought.path,
        "first_uid": None if sought.since is None else _first_uid(sought.since - _CLOCK_ERROR),
        "last_uid": None if sought.until is None else _first_uid(sought.until + _CLOCK_ERROR),
        "first_end": None if by_uid or sought.since is None else sought.since - _CLOCK_ERROR,
    }


def _stretch(statuses: Sequence[str], order: Order) -> list[str] | None:
    """Return the statuses among which a window is counted.

    Jobs that ended in another way than completed lie together in the archive: a search for few
    among many of them must not read all of these.
    """
    wanted = set(statuses)
    if order == "finished":
        wanted = (wanted or set(TERMINAL)) & TERMINAL
    elif not wanted:
        return None
    return sorted(wanted | _ENDED_OTHERWISE if wanted & _ENDED_OTHERWISE else wanted)


def _pattern(text: str) -> str:
    for special in "\\%_":
        text = text.replace(special, "\\" + special)
    return f"%{text}%"


def _first_uid(time: datetime) -> UUID:
    """Return what the uids of jobs made from `time` on are not below."""
    milliseconds = (time - _EPOCH) // timedelta(milliseconds=1)
    return UUID(int=min(max(milliseconds, 0), (1 << 48) - 1) << 80)


def _cursor(order: Order, uid: UUID, ended: datetime | None, id: int) -> str:
    if order != "finished" or ended is None:
        return str(uid)
    return f"{(ended - _EPOCH) // timedelta(microseconds=1)}-{id}"


def _after(order: Order, cursor: str | None) -> dict[str, Any]:
    place: dict[str, Any] = {"after_uid": None, "after_end": None, "after_id": None}
    if cursor is None:
        return place
    try:
        if order == "finished":
            ended, id = map(int, cursor.split("-"))
            id.to_bytes(8, signed=True)
            place["after_end"] = _EPOCH + timedelta(microseconds=ended)
            place["after_id"] = id
        else:
            place["after_uid"] = UUID(cursor)
    except (ValueError, OverflowError):
        raise OptionError(
            f"malformed cursor {safe_repr(cursor)}: pass the `next` of the page before, which is "
            f"for the same order"
        ) from None
    return place
