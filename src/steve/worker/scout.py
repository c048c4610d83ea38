"""Looks for due jobs that the claims, beginning at their marks, would not come upon."""

from __future__ import annotations

import asyncio
from time import monotonic

from steve.core.registry import Registry
from steve.operations.claim import EVER, overlooked
from steve.worker.executor import Executor
from steve.worker.fetcher import Fetcher
from steve.worker.lane import Lane
from steve.worker.marks import Marks

INTERVAL = 0.1
"""Seconds between two looks."""

RECENT = 2.0
"""Seconds before a mark that are looked at each time even where the whole takes long: most of what
is committed late is not very late."""

SHARE = 10
"""A slow look at the whole is followed by a pause so many times as long."""


class Scout:
    """The look at what was passed over, apart from the claims so that it does not hold them up.

    `quick` is the connection for looks that do not take long, `slow` that for those that may.
    """

    def __init__(
        self,
        quick: Lane,
        slow: Lane,
        marks: Marks,
        fetcher: Fetcher,
        executor: Executor,
        registry: Registry,
    ) -> None:
        self._quick = quick
        self._slow = slow
        self._marks = marks
        self._fetcher = fetcher
        self._executor = executor
        self._registry = registry

    async def serve(self) -> None:
        """Look a few times a second, while there are marks, for ever."""
        while True:
            await asyncio.sleep(INTERVAL)
            if not self._marks or not self._fetcher.restless:
                continue
            if self._marks.slow:
                await self._look(self._quick, RECENT)
            else:
                await self._look_at_all(self._quick)

    async def serve_slow(self) -> None:
        """Look at the whole now and then, where that takes long; elsewhere forget old marks."""
        pause = INTERVAL
        while True:
            await asyncio.sleep(pause)
            pause = INTERVAL
            if self._marks and self._marks.slow:
                pause = max(INTERVAL, await self._look_at_all(self._slow) * SHARE)
            elif not self._fetcher.restless:
                self._marks.forget()

    async def _look_at_all(self, lane: Lane) -> float:
        """Look at the whole and learn how many seconds it takes."""
        began = monotonic()
        await self._look(lane, EVER)
        taken = monotonic() - began
        self._marks.learn(taken)
        return taken

    async def _look(self, lane: Lane, within: float) -> None:
        found = await lane.run(
            overlooked(
                self._registry.types(),
                suspects=not self._executor.has_suspect,
                marks=self._marks.seen(),
                within=within,
            )
        )
        if found:
            self._marks.go_back(found)
            self._fetcher.look()
