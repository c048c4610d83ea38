"""Cancelling, retrying and deleting jobs by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from steve.operations.operation import Operation, Rows, first_column


class Deleted(NamedTuple):
    """Which jobs were deleted, and which were not because they run."""

    uids: list[UUID]
    running: list[UUID]


def cancel(uids: Sequence[UUID], actor: str | None = None) -> Operation[list[UUID]]:
    """Cancel jobs that are not over; returns the uids it changed."""
    return Operation("jobs/cancel", {"uids": list(uids), "actor": actor}, first_column)


def retry(
    uids: Sequence[UUID], *, starts: int = 1, force: bool = False, actor: str | None = None
) -> Operation[list[UUID]]:
    """Bring jobs that are over back, with `starts` starts left; returns the uids it changed."""
    return Operation(
        "jobs/retry",
        {"uids": list(uids), "starts": starts, "force": force, "actor": actor},
        first_column,
    )


def delete(uids: Sequence[UUID], *, skip_running: bool = False) -> Operation[Deleted]:
    """Delete jobs with their attempts and log lines.

    Nothing is deleted if one of them runs, unless `skip_running`.
    """
    return Operation("jobs/delete", {"uids": list(uids), "skip_running": skip_running}, _read)


def _read(rows: Rows) -> Deleted:
    return Deleted(
        [uid for uid, deleted in rows if deleted], [uid for uid, deleted in rows if not deleted]
    )
