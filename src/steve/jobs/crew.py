"""A running worker with the housekeeping that goes with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from steve.core.registry import Registry
from steve.core.settings import Settings
from steve.events.callbacks import Callbacks
from steve.jobs.endings import tell_over
from steve.jobs.runtime import Runtime
from steve.maintenance.maintenance import Maintenance
from steve.telemetry.telemetry import Telemetry
from steve.worker.signals import Signals
from steve.worker.worker import Worker

CALLBACK_PATIENCE = 5.0
"""Seconds that callbacks have to end when the work has."""

logger = logging.getLogger("steve")


class Crew:
    """What `start` starts and `stop` stops. Belongs to the runtime it was made for."""

    def __init__(
        self,
        runtime: Runtime,
        registry: Registry,
        settings: Settings,
        telemetry: Telemetry,
        callbacks: Callbacks,
        concurrency: int,
        on_signal: Callable[[], None],
    ) -> None:
        """`on_signal` is called when the process, or this worker, was asked to stop."""
        self.runtime = runtime
        self.worker = Worker(
            runtime.database,
            registry,
            settings,
            telemetry,
            callbacks,
            runtime.listener,
            concurrency=concurrency,
            on_finished=runtime.waiter.nudge,
        )
        self._callbacks = callbacks
        self._maintenance = Maintenance(
            run=self.worker.run,
            connect=self._connect,
            schema=settings.schema,
            registry=registry,
            queues=list(settings.queues),
            retention=settings.retention,
            telemetry=telemetry,
            on_work=self.worker.wake,
            on_over=self._rescued,
            worked=self.worker.attempts_begun,
        )
        self._on_signal = on_signal
        self._signals = Signals(self._signalled, self.worker.hurry)
        self._handles_signals = settings.handle_signals
        self.was_signalled = False
        self.failure: BaseException | None = None
        """What ended the worker against its will."""
        self.over = asyncio.Event()
        """Set when the work ends: it failed, or somebody has begun to stop it."""
        self._watching: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def is_stopping(self) -> bool:
        """Whether the end has begun and is not reached."""
        return self._ending is not None and not self._ending.done()

    @property
    def is_gone(self) -> bool:
        """Whether the end is reached, or nobody can reach it any more."""
        stopped = self._ending is not None and self._ending.done()
        return stopped or self.runtime.loop.is_closed()

    async def start(self) -> None:
        """Begin to work. Raises when the database cannot be reached."""
        if self._handles_signals:
            self._signals.install()
        try:
            await self.worker.start()
        except BaseException:
            self._signals.uninstall()
            raise
        self.runtime.listener.run = self.worker.run
        self._maintenance.start()
        self._watching = asyncio.create_task(self._watch(), name="steve watching")

    def types_changed(self) -> None:
        """The handlers have changed; from any thread."""
        if not self.is_gone and not self.is_stopping:
            self.runtime.loop.call_soon_threadsafe(self._take_up_types)

    async def stop(self) -> None:
        """End the work gracefully; whoever else stops meanwhile waits for the same end."""
        if self._ending is None:
            self.over.set()
            self._ending = asyncio.create_task(self._end(), name="steve stopping")
        # Whoever gives up waiting does not interrupt it.
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        try:
            if self._watching is not None:
                self._watching.cancel()
            await self._maintenance.stop()
            self.runtime.listener.run = None
            await self.worker.stop()
            try:
                async with asyncio.timeout(CALLBACK_PATIENCE):
                    await self._callbacks.drain()
            except TimeoutError:
                logger.warning("callbacks still run %g s after the last job", CALLBACK_PATIENCE)
        finally:
            self._signals.uninstall()

    async def _watch(self) -> None:
        """Wait for an end that comes from elsewhere."""
        asked = asyncio.ensure_future(self.worker.stop_requested.wait())
        failed = asyncio.ensure_future(self.worker.wait_failed())
        try:
            await asyncio.wait({asked, failed}, return_when=asyncio.FIRST_COMPLETED)
            if failed.done():
                self.failure = failed.exception()
                self.over.set()
            else:
                self._on_signal()
        finally:
            asked.cancel()
            failed.cancel()

    def _signalled(self) -> None:
        self.was_signalled = True
        self._on_signal()

    def _take_up_types(self) -> None:
        self.worker.types_changed()
        self._maintenance.types_changed()

    async def _rescued(self, uids: Sequence[UUID]) -> None:
        await tell_over(self.runtime, self._callbacks, self.worker.run, uids, rescued=True)

    async def _connect(self) -> AsyncConnection[Any]:
        return await self.runtime.database.connect(name="steve worker maintenance")
