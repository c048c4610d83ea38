"""Puts aside jobs that no live worker handles, and brings them back when one does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from steve.core.registry import Registry
from steve.maintenance.service import Run
from steve.operations.maintenance import park, unpark
from steve.telemetry.catalogue import JobsParked, JobsUnparked
from steve.telemetry.telemetry import Telemetry

LEISURE = 39
"""A pause between two batches lasts so many times as long as a batch."""

BATCH = 1000
"""Jobs changed at a time."""


class Parking:
    """Keeps jobs of unknown types out of the way of the claim.

    A worker brings back what it handles itself every time it looks, so that a worker which comes
    at the moment its type is parked elsewhere only waits for its next look.
    """

    def __init__(
        self,
        run: Run,
        registry: Registry,
        telemetry: Telemetry,
        *,
        queues: Sequence[str],
        on_unparked: Callable[[], None],
    ) -> None:
        self._run = run
        self._registry = registry
        self._telemetry = telemetry
        self._queues = list(queues)
        self._on_unparked = on_unparked

    async def park(self) -> None:
        """Park what stands in front of the jobs that can run."""
        totals: dict[tuple[str, str], int] = {}
        began = monotonic()
        while parked := await self._run(park(self._queues, BATCH)):
            for key, count in parked.items():
                totals[key] = totals.get(key, 0) + count
            if sum(parked.values()) < BATCH:
                break
            # There may be a million, which are in nobody's way as much as all this writing.
            await asyncio.sleep((monotonic() - began) * LEISURE)
            began = monotonic()
        for (queue, type), count in totals.items():
            self._telemetry.emit(JobsParked(queue, type, count))

    async def unpark(self) -> None:
        """Bring back what this worker handles."""
        total = 0
        while count := await self._run(unpark(self._queues, self._registry.types(), BATCH)):
            total += count
            self._on_unparked()
        if total:
            self._telemetry.emit(JobsUnparked(total))
