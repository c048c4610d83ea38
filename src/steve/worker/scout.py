"""Looks for due jobs that the claims, beginning at their marks, would not come upon."""

from __future__ import annotations

import asyncio
from time import monotonic

from steve.core.registry import Registry
from steve.operations.claim import overlooked
from steve.worker.executor import Executor
from steve.worker.fetcher import Fetcher
from steve.worker.lane import Lane
from steve.worker.marks import Marks

INTERVAL = 0.2
"""Seconds between two looks, if each takes less than half of that."""


class Scout:
    """The look at what was passed over, apart from the claims so that it does not hold them up."""

    def __init__(
        self, lane: Lane, marks: Marks, fetcher: Fetcher, executor: Executor, registry: Registry
    ) -> None:
        self._lane = lane
        self._marks = marks
        self._fetcher = fetcher
        self._executor = executor
        self._registry = registry

    async def serve(self) -> None:
        """Look a few times a second, while there are marks, for ever."""
        pause = INTERVAL
        while True:
            await asyncio.sleep(pause)
            pause = INTERVAL
            if self._marks and self._fetcher.restless:
                began = monotonic()
                await self._look()
                taken = monotonic() - began
                self._marks.learn(taken)
                pause = max(INTERVAL, 2 * taken)

    async def _look(self) -> None:
        found = await self._lane.run(
            overlooked(
                self._registry.types(),
                suspects=not self._executor.has_suspect,
                marks=self._marks.all(),
            )
        )
        if found:
            self._marks.go_back(found)
            self._fetcher.look()
