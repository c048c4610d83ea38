"""Rescue, parking, and the partitions: what any worker may do at any time, and twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from steve.operations.operation import Operation, first_column, nothing


class Rescued(NamedTuple):
    """A job taken from a dead worker, and what became of it."""

    id: int
    uid: UUID
    attempt_id: int
    type: str
    queue: str
    status: str


def bury() -> Operation[list[int]]:
    """Declare silent workers dead; returns all dead workers that may still hold jobs."""
    return Operation("maintenance/bury", {}, first_column, repeatable=True)


def rescue(workers: Sequence[int], batch: int) -> Operation[list[Rescued]]:
    """Take up to `batch` jobs from dead workers."""
    return Operation(
        "maintenance/rescue",
        {"workers": list(workers), "batch": batch},
        lambda rows: [Rescued(*row) for row in rows],
        repeatable=True,
    )


def sweep(workers: Sequence[int]) -> Operation[list[int]]:
    """Mark dead workers that hold nothing any more; returns those that still do."""
    return Operation("maintenance/sweep", {"workers": list(workers)}, first_column, repeatable=True)


def forget_workers(seconds: float) -> Operation[None]:
    """Delete the rows of workers that have been dead for so long."""
    return Operation("maintenance/forget", {"seconds": seconds}, lambda _: None, repeatable=True)


def park(queues: Sequence[str], batch: int) -> Operation[dict[tuple[str, str], int]]:
    """Park jobs that no live worker handles; returns how many of each queue and type."""
    return Operation(
        "maintenance/park",
        {"queues": list(queues), "batch": batch},
        lambda rows: {(queue, type): count for queue, type, count in rows},
        repeatable=True,
    )


def unpark(queues: Sequence[str], types: Sequence[str] | None, batch: int) -> Operation[int]:
    """Bring back parked jobs that this worker handles; returns how many."""
    return Operation(
        "maintenance/unpark",
        {
            "queues": list(queues),
            "types": None if types is None else list(types),
            "batch": batch,
        },
        lambda rows: rows[0][0],
        repeatable=True,
    )


def create_partitions() -> Operation[int]:
    """Make the partitions that are missing ahead; returns how many."""
    return Operation("maintenance/create_partitions", {}, lambda rows: rows[0][0], repeatable=True)


def expired_partitions(
    completed: float | None, other: float | None, log: float | None
) -> Operation[list[str]]:
    """List the partitions that are past their retention, in seconds (None: never).

    Attempts are kept as long as the longer of the two.
    """
    attempts = None if completed is None or other is None else max(completed, other)
    return Operation(
        "maintenance/expired_partitions",
        {"completed": completed, "other": other, "attempts": attempts, "log": log},
        first_column,
        repeatable=True,
    )


def remove_partition(name: str) -> Operation[None]:
    """Remove a partition that is over. Fails where that would wait for long, or it is gone."""
    return Operation("maintenance/remove_partition", {"partition": name}, nothing)
