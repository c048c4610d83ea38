"""What a worker that sleeps is woken by."""

from __future__ import annotations

import asyncio

from steve.operations.create import Told


class Alarm:
    """Rings for whatever there may be to do, or for one job that is known by name."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._job: Told | None = None

    def ring(self, job: Told | None = None) -> None:
        """Ring. A job's name is kept only as long as it is all there is."""
        self._job = None if self._event.is_set() else job
        self._event.set()

    def clear(self) -> Told | None:
        """Forget what it rang for; returns the job when it rang for that and nothing else."""
        job, self._job = self._job, None
        self._event.clear()
        return job

    async def wait(self, seconds: float) -> bool:
        """Wait until it rings; says whether that came before the time was over."""
        try:
            async with asyncio.timeout(seconds):
                return await self._event.wait()
        except TimeoutError:
            return False
