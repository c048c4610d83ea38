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
    """Two loops: what can be seen from here, and what only the database knows.

    They are apart because the database may be what does not answer: a lease that runs out
    meanwhile must be noticed all the same.
    """

    def __init__(
        self,
        lane: Lane,
        executor: Executor,
        telemetry: Telemetry,
        *,
        lease: float,
        worker: Callable[[], int],
        check_lease: Callable[[], object],
    ) -> None:
        self._lane = lane
        self._executor = executor
        self._telemetry = telemetry
        # Handlers are told of a lost lease a tenth of it before others may take their jobs.
        self._interval = min(INTERVAL, lease / 25)
        self._worker = worker
        self._check_lease = check_lease
        self._look = asyncio.Event()

    def look(self) -> None:
        """Look now: somebody has cancelled a job that runs here."""
        self._look.set()

    async def serve(self) -> None:
        """Look after the lease, the loop and handlers that do not stop, for ever."""
        while True:
            before = monotonic()
            await asyncio.sleep(self._interval)
            late = monotonic() - before - self._interval
            if late > BLOCKED:
                self._telemetry.emit(LoopBlocked(self._worker(), late))
            self._check_lease()
            self._executor.watch()

    async def serve_cancellations(self) -> None:
        """Find out which handlers are to stop, every half second or as soon as it is announced.

        Notifications are for speed, this is for truth.
        """
        while True:
            await wait_for(self._look, INTERVAL)
            self._look.clear()
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
