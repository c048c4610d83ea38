"""A small loop: something is done every so often, until it is stopped."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from steve.core.pause import Pause
from steve.events.ending import end
from steve.operations.operation import Operation
from steve.telemetry.catalogue import StatementFailed
from steve.telemetry.telemetry import Telemetry

T = TypeVar("T")


class Run(Protocol):
    """Runs an operation on some connection."""

    async def __call__(self, operation: Operation[T], /) -> T: ...


class Service:
    """Calls `work` every `interval` seconds, spread by a quarter, so that workers take turns.

    What fails is told and tried again after a pause.
    """

    def __init__(
        self,
        what: str,
        work: Callable[[], Awaitable[object]],
        interval: float,
        telemetry: Telemetry,
    ) -> None:
        self._what = what
        self._work = work
        self._interval = interval
        self._telemetry = telemetry
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    def start(self) -> None:
        """Begin, with the first call at once."""
        self._task = asyncio.get_running_loop().create_task(self._serve(), name=self._what)

    def hurry(self) -> None:
        """Make the next call now."""
        self._hurry.set()

    async def stop(self) -> None:
        """End; a call under way is cancelled."""
        task, self._task = self._task, None
        if task is not None:
            await end(task)

    async def _serve(self) -> None:
        pause = Pause()
        while True:
            try:
                await self._work()
                pause.reset()
                wait = self._interval * random.uniform(0.75, 1.25)  # noqa: S311 - spreads only
            except Exception as error:
                wait = max(pause.next(), min(self._interval, 1.0))
                self._telemetry.emit(StatementFailed(self._what, error, wait))
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._hurry.wait()
            self._hurry.clear()
