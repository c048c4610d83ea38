"""What a worker asks for when it wants work, and what it says when there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from steve.core.job import Job
from steve.operations.operation import Operation, Row, Rows, nothing
from steve.operations.rows import read_claimed


class Claim(NamedTuple):
    """The jobs a worker got, and how many due ones it had to leave to have a free slot first."""

    jobs: list[Job]
    held_back: int


def claim(
    worker: int,
    queues: Mapping[str, int],
    types: Sequence[str] | None,
    *,
    slots: int,
    ahead: int,
    suspects: bool,
) -> Operation[Claim]:
    """Claim due jobs: up to `slots` for free slots and `ahead` before there is one.

    `queues` says how many jobs of each queue the worker can take, in the order to look at them;
    `types` which it handles (None: all). `suspects` allows one job that was in a worker's hands
    when it died.
    """

    def read(rows: Rows) -> Claim:
        # An UPDATE returns its rows in the order it came upon them.
        ordered = sorted(rows, key=_claim_order)
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
        },
        read,
    )


def _claim_order(row: Row) -> tuple[int, datetime, int]:
    """Higher priority first, then the earlier run_at, then the smaller id."""
    return -row[18], row[13], row[0]


def doze(
    channel: str, queues: Sequence[str], types: Sequence[str] | None, seconds: float
) -> Operation[float | None]:
    """Go to sleep for `seconds`, to be woken by creators.

    Returns the seconds until a job is due that this worker could run: 0 or less when one is due
    already, None when none is in sight.
    """
    return Operation(
        "worker/doze",
        {
            "channel": channel,
            "queues": list(queues),
            "types": None if types is None else list(types),
            "seconds": seconds,
        },
        lambda rows: rows[0][0],
        repeatable=True,
    )


def rise(channel: str) -> Operation[None]:
    """Be awake: creators need not notify this worker."""
    return Operation("worker/rise", {"channel": channel}, nothing, repeatable=True)
