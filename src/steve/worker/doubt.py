"""Jobs of a claim whose answer was lost: the database has them as ours, nobody here knows them."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from steve.core.outcome import Released
from steve.operations.finish import Report
from steve.operations.reconcile import orphans
from steve.worker.executor import Executor
from steve.worker.finisher import Finisher
from steve.worker.lane import Lane

INTERVAL = 1.0


class Doubt:
    """Gives back what nobody knows of, for as long as a lost claim may still be carried out.

    That is `deadline` seconds: as long as the database lets a statement take.
    """

    def __init__(
        self,
        lane: Lane,
        executor: Executor,
        finisher: Finisher,
        *,
        worker: Callable[[], int],
        deadline: float,
    ) -> None:
        self._lane = lane
        self._executor = executor
        self._finisher = finisher
        self._worker = worker
        self._deadline = deadline
        self._until = 0.0
        self._look_at = 0.0

    def __bool__(self) -> bool:
        return self._until > 0.0

    def arise(self) -> None:
        """A claim has failed: it may have been carried out all the same."""
        self._until = monotonic() + self._deadline + 1.0

    async def settle(self) -> None:
        """Give such jobs back, once a second while there is doubt."""
        if not self or monotonic() < self._look_at:
            return
        known = self._executor.attempt_ids() | self._finisher.attempt_ids()
        for job in await self._lane.run(orphans(self._worker(), sorted(known))):
            self._finisher.report(Report(job, Released(), None))
        now = monotonic()
        self._look_at = now + INTERVAL
        if now > self._until:
            self._until = 0.0
