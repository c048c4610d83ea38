"""How the whole is doing, as the database says it."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from steve.monitor.api import rows
from steve.monitor.shapes.whole import Pulse, StatusCount
from steve.monitor.source import Source
from steve.operations.monitor_whole import (
    Archived,
    QueueState,
    archived,
    ended,
    queue_states,
    worker_states,
)

COUNT_SECONDS = 10.0
"""How old the counts of archived jobs may be."""

SHARE = 20
"""Counting them takes one part in so many of the time at most."""


class Pulses:
    """Takes the pulse."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._archived: list[Archived] = []
        self._count_at = 0.0

    async def take(self) -> Pulse:
        """Say how the whole is doing at this moment."""
        now = await self._source.run(ended())
        queues = await self._source.run(queue_states())
        workers = await self._source.run(worker_states())
        waiting = [queue.oldest_ready for queue in queues if queue.oldest_ready is not None]
        return Pulse(
            now=now.now,
            interval=1.0,
            counts=[*_live(queues), *await self._over()],
            completed_rate=now.completed_rate,
            failed_rate=now.failed_rate,
            oldest_ready=max(waiting, default=None),
            queues=[rows.queue(queue) for queue in queues],
            workers=[rows.worker(worker) for worker in workers],
        )

    async def _over(self) -> list[StatusCount]:
        began = monotonic()
        if began >= self._count_at:
            self._archived = await self._source.run(archived())
            took = monotonic() - began
            self._count_at = began + max(COUNT_SECONDS, SHARE * took)
        return [
            StatusCount(each.status, each.count, each.exact, each.at_least)
            for each in self._archived
        ]

    def count_anew(self) -> None:
        """Something was deleted or brought back: count the next time."""
        self._count_at = 0.0


def _live(queues: Sequence[QueueState]) -> list[StatusCount]:
    return [
        StatusCount("pending", sum(queue.ready + queue.scheduled for queue in queues)),
        StatusCount("blocked", sum(queue.blocked for queue in queues)),
        StatusCount("running", sum(queue.running for queue in queues)),
    ]
