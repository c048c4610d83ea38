"""What a worker asks for when it wants work, and what it says when there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from steve.core.job import Job
from steve.operations.operation import Operation, Rows, nothing
from steve.operations.rows import read_claimed


class Claim(NamedTuple):
    """The jobs a worker got, and how many due ones it had to leave to have a free slot first."""

    jobs: list[Job]
    held_back: int


class Mark(NamedTuple):
    """A place in the order of the claim."""

    queue: str
    priority: int
    run_at: datetime
    id: int


def claim(
    worker: int,
    queues: Mapping[str, int],
    types: Sequence[str] | None,
    *,
    slots: int,
    ahead: int,
    suspects: bool,
    marks: Sequence[Mark] = (),
) -> Operation[Claim]:
    """Claim due jobs: up to `slots` for free slots and `ahead` before there is one.

    `queues` says how many jobs of each queue the worker can take, in the order to look at them;
    `types` which it handles (None: all). `suspects` allows one job that was in a worker's hands
    when it died. What lies before one of the `marks` is passed over, one for a queue and priority.
    """

    def read(rows: Rows) -> Claim:
        # An UPDATE returns its rows in the order it came upon them. Higher priority first, then
        # the earlier run_at, then the smaller id.
        ordered = sorted(rows, key=itemgetter(13, 0))
        ordered.sort(key=itemgetter(18), reverse=True)
        return Claim([read_claimed(row, worker) for row in ordered], rows[0][25] if rows else 0)

    return Operation(
        "worker/claim",
        {
            "worker": worker,
            "queues": list(queues),
            "capacities": list(queues.values()),
            "types": None if types is None else list(types),
            "slots": slots,
            "ahead": ahead,
            "suspects": suspects,
            **_marks(marks),
        },
        read,
    )


def claim_one(worker: int, uid: UUID) -> Operation[list[Job]]:
    """Claim one job by its uid, if it is due, whatever its queue and type."""
    return Operation(
        "worker/claim_one",
        {"worker": worker, "uid": uid},
        lambda rows: [read_claimed(row, worker) for row in rows],
        urgent=True,
    )


EVER = 1e9
"""Seconds: a generation."""


def overlooked(
    types: Sequence[str] | None, *, suspects: bool, marks: Sequence[Mark], within: float = EVER
) -> Operation[list[Mark]]:
    """Look for due jobs up to the `marks`; returns the place of the first before each.

    Only those are looked at that were to start `within` seconds before the mark.
    """
    return Operation(
        "worker/overlooked",
        {
            "types": None if types is None else list(types),
            "suspects": suspects,
            "within": within,
            **_marks(marks),
        },
        lambda rows: [Mark(*row) for row in rows],
        repeatable=True,
    )


def _marks(marks: Sequence[Mark]) -> dict[str, Sequence[Any]]:
    queues, priorities, run_ats, ids = zip(*marks, strict=True) if marks else ((), (), (), ())
    return {
        "mark_queues": list(queues),
        "mark_priorities": list(priorities),
        "mark_run_ats": list(run_ats),
        "mark_ids": list(ids),
    }


def doze(
    channel: str,
    queues: Sequence[str],
    types: Sequence[str] | None,
    seconds: float,
    marks: Sequence[Mark] = (),
) -> Operation[float | None]:
    """Go to sleep for `seconds`, to be woken by creators.

    What lies before one of the `marks` is passed over. Returns the seconds until a job is due that
    this worker could run: 0 or less when one is due already, None when none is in sight.
    """
    return Operation(
        "worker/doze",
        {
            "channel": channel,
            "queues": list(queues),
            "types": None if types is None else list(types),
            "seconds": seconds,
            **_marks(marks),
        },
        lambda rows: rows[0][0],
        repeatable=True,
    )


def rise(channel: str) -> Operation[None]:
    """Be awake: creators need not notify this worker."""
    return Operation("worker/rise", {"channel": channel}, nothing, repeatable=True)
