"""Takes samples of how things go, for the charts of a monitor.

Every worker tries, and the database lets one of them at a time. One that has nothing to do tries
once a minute only: whoever has will do it, and what ended meanwhile is found at the next time.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from steve.maintenance.service import Run
from steve.operations.samples import add_up, forget_samples, take

QUIET_INTERVAL = 60.0
"""Seconds between the samples of a worker that has nothing to do."""

FORGET_INTERVAL = 600.0


class Sampler:
    """Takes samples, adds them up, and deletes what wider ones stand for.

    `worked` says how many attempts this worker has begun.
    """

    def __init__(self, run: Run, worked: Callable[[], int]) -> None:
        self._run = run
        self._worked = worked
        self._seen = 0
        self._looked_at = self._forgot_at = -FORGET_INTERVAL

    async def sample(self) -> None:
        """Take a sample, if one is due."""
        worked, now = self._worked(), monotonic()
        if worked == self._seen and now - self._looked_at < QUIET_INTERVAL:
            return
        self._seen, self._looked_at = worked, now
        if not await self._run(take()):
            return
        await self._run(add_up())
        if now - self._forgot_at >= FORGET_INTERVAL:
            self._forgot_at = now
            await self._run(forget_samples())
