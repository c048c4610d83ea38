"""Looks after running handlers: who is to stop, who does not, and whether the loop gets to run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from steve.operations.finish import cancellations
from steve.telemetry.catalogue import LoopBlocked
from steve.telemetry.telemetry import Telemetry
from steve.worker.executor import Executor
from steve.worker.lane import Lane
from steve.worker.loops import wait_for

INTERVAL = 0.5
LONG_RUNNING = 0.3
"""Seconds after which a running job is looked after, should somebody want it to stop."""

BLOCKED = 1.0
"""Seconds by which the loop may be late before it is told."""


class Watch:
    """A look every half second, or as soon as a cancellation is announced."""

    def __init__(
        self,
        lane: Lane,
        executor: Executor,
        telemetry: Telemetry,
        *,
        lease: float,
        worker: Callable[[], int],
        check_lease: Callable[[], None],
    ) -> None:
        self._lane = lane
        self._executor = executor
        self._telemetry = telemetry
        self._interval = min(INTERVAL, lease / 10)
        self._worker = worker
        self._check_lease = check_lease
        self._look = asyncio.Event()

    def look(self) -> None:
        """Look now: somebody has cancelled a job that runs here."""
        self._look.set()

    async def serve(self) -> None:
        """Look, for ever."""
        while True:
            before = monotonic()
            await wait_for(self._look, self._interval)
            self._look.clear()
            late = monotonic() - before - self._interval
            if late > BLOCKED:
                self._telemetry.emit(LoopBlocked(self._worker(), late))
            self._check_lease()
            self._executor.watch()
            await self._check_cancellations()

    async def _check_cancellations(self) -> None:
        """Find out which handlers are to stop; notifications are for speed, this is for truth."""
        limit = monotonic() - LONG_RUNNING
        jobs = [
            run.job
            for run in self._executor.runs()
            if run.told_at is None and run.started_at <= limit
        ]
        if jobs:
            asked = await self._lane.run(cancellations(jobs))
            for attempt_id, cancelling in asked.items():
                self._executor.tell(attempt_id, "cancelled" if cancelling else "lost")
