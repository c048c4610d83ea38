"""Takes jobs from dead workers. Anybody may do it, at any time, as often as they like."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from steve.core.job import TERMINAL
from steve.database.errors import is_missing_partition
from steve.maintenance.service import Run
from steve.operations.create import wake
from steve.operations.maintenance import Rescued, bury, create_partitions, rescue, sweep
from steve.operations.query import announce
from steve.telemetry.catalogue import JobsRescued, WorkersBuried
from steve.telemetry.telemetry import Telemetry

BATCH = 500


class Rescuer:
    """Buries silent workers and gives what they held to others."""

    def __init__(
        self,
        run: Run,
        telemetry: Telemetry,
        *,
        on_again: Callable[[], None] = lambda: None,
        on_over: Callable[[Sequence[UUID]], Awaitable[None]] | None = None,
    ) -> None:
        self._run = run
        self._telemetry = telemetry
        self._on_again = on_again
        self._on_over = on_over
        self._known: frozenset[int] = frozenset()

    async def rescue(self) -> int:
        """Rescue what there is to rescue now; returns how many jobs that were."""
        dead = await self._run(bury())
        if not dead:
            self._known = frozenset()
            return 0
        fresh = [worker for worker in dead if worker not in self._known]
        if fresh:
            self._telemetry.emit(WorkersBuried(tuple(fresh)))
        rescued = await self._take(dead)
        # What a late worker is writing at this moment is locked, and stays for the next time.
        self._known = frozenset(await self._run(sweep(dead)))
        return rescued

    async def _take(self, workers: Sequence[int]) -> int:
        total = 0
        while True:
            try:
                jobs = await self._run(rescue(workers, BATCH))
            except Exception as error:
                if not is_missing_partition(error):
                    raise
                await self._run(create_partitions())
                continue
            if not jobs:
                return total
            total += len(jobs)
            await self._tell(jobs)

    async def _tell(self, jobs: Sequence[Rescued]) -> None:
        again = [job for job in jobs if job.status == "pending"]
        over = [job for job in jobs if job.status in TERMINAL]
        self._telemetry.emit(
            JobsRescued(
                len(again),
                sum(job.status == "failed" for job in over),
                sum(job.status == "cancelled" for job in over),
            )
        )
        if again:
            self._on_again()
            await self._run(wake([job.queue for job in again], [job.type for job in again]))
        if over:
            uids = [job.uid for job in over]
            await self._run(announce(uids))
            if self._on_over is not None:
                await self._on_over(uids)


async def rescue_now(
    run: Run,
    telemetry: Telemetry,
    on_over: Callable[[Sequence[UUID]], Awaitable[None]] | None = None,
) -> int:
    """Rescue the jobs of dead workers now; returns how many."""
    return await Rescuer(run, telemetry, on_over=on_over).rescue()
