"""What a worker that sleeps is woken by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from steve.events.ending import end
from steve.operations.create import Told
from steve.worker.tasks import start_task

Take = Callable[[Told], Coroutine[Any, Any, bool]]


class Alarm:
    """Rings for whatever there may be to do, or for one job that is known by name."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._job: Told | None = None
        self._take: Take | None = None
        self._taking: asyncio.Task[None] | None = None

    def ring(self, job: Told | None = None) -> None:
        """Ring. A job's name is kept only as long as it is all there is."""
        busy = self._event.is_set() or (self._taking is not None and not self._taking.done())
        if job is not None and self._take is not None and not busy:
            self._begin(job, self._take)
            return
        self._job = None if busy else job
        self._event.set()

    def clear(self) -> None:
        """Forget what it rang for."""
        self._job = None
        self._event.clear()

    async def wait(self, seconds: float) -> bool:
        """Wait until it rings; says whether that came before the time was over."""
        try:
            async with asyncio.timeout(seconds):
                return await self._event.wait()
        except TimeoutError:
            return False

    async def sleep(self, seconds: float, take: Take) -> bool:
        """Wait as `wait` does, but give a job that it rings for by name, and for nothing else, to
        `take`, on the spot. That says whether this was all, and we sleep on. Raises what it raises.
        """
        self._take = take
        try:
            job = self._job
            if job is not None:
                self.clear()
                self._begin(job, take)
            rang = await self.wait(seconds)
            if self._taking is not None:
                await self._taking
            return rang or self._event.is_set()
        finally:
            self._take = None
            taking, self._taking = self._taking, None
            if taking is not None:
                await end(taking)

    def _begin(self, job: Told, take: Take) -> None:
        # From within the call that rings: until the statement is sent no turn of the loop goes by.
        self._taking = start_task(asyncio.get_running_loop(), self._try(job, take))

    async def _try(self, job: Told, take: Take) -> None:
        done = False
        try:
            done = await take(job)
        finally:
            if not done:
                self._event.set()
