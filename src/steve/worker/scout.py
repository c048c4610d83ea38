"""Looks for due jobs that the claims, beginning at their marks, would not come upon."""

from __future__ import annotations

import asyncio

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
SHARE_OF_ALL = 30
"""A look, and one at the whole where that takes long, is followed by a pause at least so many times
as long."""


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
        taken = 0.0
        while True:
            await asyncio.sleep(max(INTERVAL, taken * SHARE))
            taken = 0.0
            if self._marks and self._fetcher.restless:
                slow = self._marks.slow
                taken = await self._look(self._quick, RECENT if slow else EVER)
                if not slow:
                    self._marks.learn(taken)

    async def serve_slow(self) -> None:
        """Look at the whole now and then, where that takes long; elsewhere forget old marks."""
        pause = INTERVAL
        while True:
            await asyncio.sleep(pause)
            pause = INTERVAL
            if self._marks and self._marks.slow:
                taken = await self._look(self._slow, EVER)
                self._marks.learn(taken)
                pause = max(INTERVAL, taken * SHARE_OF_ALL)
            elif not self._fetcher.restless:
                self._marks.forget()

    async def _look(self, lane: Lane, within: float) -> float:
        """Look, and have found jobs claimed; returns how many seconds it took."""
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
        return lane.took
