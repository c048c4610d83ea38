"""Progress on its way to the database: of each job the last, written with the next group."""

from __future__ import annotations

import asyncio

from steve.operations.finish import Progressed, progress
from steve.telemetry.catalogue import StatementFailed
from steve.telemetry.telemetry import Telemetry
from steve.worker.lane import Lane
from steve.worker.run import Run


class Steps:
    """What handlers have said of their progress since it was last written."""

    def __init__(self, lane: Lane, telemetry: Telemetry) -> None:
        self._lane = lane
        self._telemetry = telemetry
        self._steps: dict[int, tuple[Progressed, Run, asyncio.Future[None]]] = {}

    def __bool__(self) -> bool:
        return bool(self._steps)

    def add(self, run: Run, fraction: float, message: str | None) -> asyncio.Future[None]:
        """Take progress; the future is done when it, or what came after it, is written."""
        attempt = run.job.attempt_id or 0
        known = self._steps.get(attempt)
        written = known[2] if known else asyncio.get_running_loop().create_future()
        self._steps[attempt] = (Progressed(run.job, fraction, message), run, written)
        return written

    async def write(self) -> None:
        """Write all there is, and tell runs that have lost their job or are to be cancelled."""
        steps, self._steps = self._steps, {}
        if not steps:
            return
        try:
            held = await self._lane.run(progress([step for step, _, _ in steps.values()]))
        except Exception as error:
            # Progress is not worth a second attempt, and its loss is not worth the handler.
            self._telemetry.emit(StatementFailed("writing progress", error, 0.0))
            held = None
        for step, run, written in steps.values():
            if held is not None:
                cancelling = held.get(step.job.id)
                if cancelling is not False:
                    run.tell("cancelled" if cancelling else "lost")
            if not written.done():
                written.set_result(None)
