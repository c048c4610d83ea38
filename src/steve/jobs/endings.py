"""Telling those in this process that jobs are over which no handler of theirs has ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from steve.core.job import TERMINAL
from steve.events.callbacks import Callbacks
from steve.jobs.runtime import Runtime
from steve.operations.operation import Operation
from steve.operations.query import find

T = TypeVar("T")


class Run(Protocol):
    """Runs an operation on some connection."""

    async def __call__(self, operation: Operation[T], /) -> T: ...


async def tell_over(
    runtime: Runtime,
    callbacks: Callbacks,
    run: Run,
    uids: Sequence[UUID],
    *,
    rescued: bool = False,
) -> None:
    """Wake those who wait for these jobs, and call back those who asked for such endings.

    A job that a worker has is left to it, unless it was `rescued` from a dead one.
    """
    if not uids:
        return
    for uid in uids:
        runtime.waiter.nudge(uid)
    if callbacks.active:
        for job, _ in await run(find(uids)):
            if job.status in TERMINAL and (rescued or job.worker is None):
                callbacks.job_ended(job)
