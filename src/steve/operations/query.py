"""Looking at jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from steve.core.job import Attempt, Job
from steve.core.uid import uid_time
from steve.operations.operation import Operation, Rows, nothing
from steve.operations.rows import read_attempts, read_job

_CLOCK_ERROR = timedelta(days=1)
_USUAL_LIFE = timedelta(days=2)
_EVER = datetime(9000, 1, 1, tzinfo=UTC)


def find(
    uids: Sequence[UUID], *, with_attempts: bool = False
) -> Operation[list[tuple[Job, list[Attempt] | None]]]:
    """Find jobs by uid, live or archived. Unknown uids are missing from the answer."""

    def read(rows: Rows) -> list[tuple[Job, list[Attempt] | None]]:
        found: list[tuple[Job, list[Attempt] | None]] = []
        for row in rows:
            job = read_job(row)
            found.append((job, read_attempts(job, row[32]) if with_attempts else None))
        return found

    times = [min(time, _EVER) for time in map(uid_time, uids) if time is not None] or [_EVER]
    return Operation(
        "jobs/find",
        {
            "uids": list(uids),
            "with_attempts": with_attempts,
            "earliest": min(times) - _CLOCK_ERROR,
            "latest": max(times) + _USUAL_LIFE,
        },
        read,
        repeatable=True,
        planned_once=True,
    )


def page(
    *,
    statuses: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    queues: Sequence[str] | None = None,
    tag: str | None = None,
    since: datetime | None = None,
    after: int | None = None,
    limit: int = 10,
    offset: int = 0,
    ascending: bool = False,
) -> Operation[list[Job]]:
    """Read a page of jobs by id. A filter that is None does not filter."""
    return Operation(
        "jobs/oldest" if ascending else "jobs/newest",
        {
            "statuses": None if statuses is None else list(statuses),
            "types": None if types is None else list(types),
            "queues": None if queues is None else list(queues),
            "tag": tag,
            "since": since,
            "after": after,
            "limit": limit,
            "offset": offset,
        },
        lambda rows: [read_job(row) for row in rows],
        repeatable=True,
    )


def watch(channel: str, uids: Sequence[UUID], seconds: float) -> Operation[None]:
    """Ask to be notified on `channel` when one of these jobs is over."""
    return Operation(
        "jobs/watch",
        {"channel": channel, "uids": list(uids), "seconds": seconds},
        nothing,
        repeatable=True,
    )


def unwatch(channel: str) -> Operation[None]:
    """Ask no longer."""
    return Operation("jobs/unwatch", {"channel": channel}, nothing, repeatable=True)


def announce(uids: Sequence[UUID]) -> Operation[None]:
    """Tell those who wait for these jobs that they are over."""
    return Operation("jobs/announce", {"uids": list(uids)}, nothing, repeatable=True)


def notify(channel: str, payload: str) -> Operation[None]:
    """Notify those who listen on `channel`."""
    return Operation(
        "jobs/notify", {"channel": channel, "payload": payload}, nothing, repeatable=True
    )
