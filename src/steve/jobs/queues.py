"""Looking at queues, pausing and resuming them."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from steve.core.checks import instant, label, seconds
from steve.operations import queue
from steve.operations.create import clock
from steve.operations.operation import Operation
from steve.operations.queue import QueueInfo

T = TypeVar("T")


class Run(Protocol):
    """Runs an operation."""

    def __call__(self, operation: Operation[T], /) -> Awaitable[T]: ...


class Queues:
    """The queues of a manager's database: `jobs.queues`."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def list(self) -> list[QueueInfo]:
        """Return every queue that has jobs, live workers or settings, by name."""
        return await self._run(queue.queues())

    async def pause(self, name: str, until: datetime | timedelta | None = None) -> None:
        """Start no more jobs of a queue; running ones go on. It need not have been seen yet.

        It ends at `until`, an instant or a duration from now, or when the queue is resumed.
        """
        label(name, "name")
        if isinstance(until, timedelta):
            # Counted from the database's clock, as everything is.
            until = timedelta(seconds=seconds(until, "until", above=True)) + await self._run(
                clock()
            )
        elif until is not None:
            until = instant(until, "until")
        await self._run(queue.pause(name, until))

    async def resume(self, name: str) -> bool:
        """Let a paused queue go on; returns whether it was paused."""
        return await self._run(queue.resume(label(name, "name")))
