"""The manager: everything that people do with jobs, and the work itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from steve.core.checks import whole
from steve.core.errors import SteveError
from steve.jobs.creating import Creating
from steve.jobs.endings import tell_over
from steve.jobs.handling import Handling
from steve.jobs.installing import Installing
from steve.jobs.monitoring import Monitoring
from steve.jobs.queues import Queues
from steve.jobs.trouble import explained

if TYPE_CHECKING:
    from steve.jobs.crew import Crew

MOST_HANDLERS = 10_000

logger = logging.getLogger("steve")


class Jobs(Handling, Creating, Monitoring, Installing):
    """Creates jobs, looks after them, and runs them.

    The same object does all of it, in as many processes as are needed. It opens itself when it is
    first used, belongs to the event loop that uses it, and is closed by `close` or `async with`.
    """

    _crew: Crew | None = None
    _starting: asyncio.Future[None] | None = None
    _stopping: asyncio.Task[None] | None = None

    @property
    def queues(self) -> Queues:
        """The queues: list, pause and resume them."""
        return Queues(self._run)

    async def start(self, concurrency: int = 2) -> None:
        """Begin to work, with so many handlers at once. A second call does nothing but warn.

        Raises `ConnectionFailed` when the database cannot be reached within `connect_timeout`,
        and `SteveError` while a `stop` is under way.
        """
        whole(concurrency, "concurrency", 1, MOST_HANDLERS)
        crew = self._present
        if crew is not None and crew.is_stopping:
            raise SteveError("cannot start: a stop is under way; await it first")
        if self._starting is not None or (crew is not None and crew.failure is None):
            logger.warning("start() has no effect: this manager is working already")
            return
        self._starting = asyncio.get_running_loop().create_future()
        try:
            if crew is not None:
                # It failed, and what is left of it has to be cleared away.
                await crew.stop()
            await self._start(concurrency)
        finally:
            self._starting.set_result(None)
            self._starting = None

    async def stop(self) -> None:
        """Claim nothing more, let running handlers finish within `grace`, cancel the others, and
        return when everything is written. Interrupted jobs will run again, no attempt is spent.

        The manager stays open, and can start again.
        """
        if self._starting is not None and not self._starting.get_loop().is_closed():
            await asyncio.wait({self._starting})
        crew = self._present
        if crew is not None:
            await crew.stop()

    async def run(self, concurrency: int = 2) -> None:
        """Work until a signal comes or somebody calls `stop`; return when all is written.

        Raises as `start` does, and what makes it impossible to go on, such as a schema that is
        gone.
        """
        was_open = self._runtime is not None
        try:
            await self.start(concurrency)
            crew = self._present
            if crew is not None:
                await self._until_over(crew)
                await self.stop()
                if crew.failure is not None:
                    raise crew.failure
        finally:
            await self.stop()
            if not was_open:
                await self.close()

    async def close(self) -> None:
        """Stop working and disconnect. The manager opens again when it is used again."""
        await self.stop()
        await super().close()

    async def cleanup(self) -> int:
        """Take the jobs of dead workers now, and return how many. Workers do it by themselves."""
        from steve.maintenance.rescuer import rescue_now

        runtime = await self._opened()
        with explained(self._settings.schema):
            return await rescue_now(runtime.database.run, self._telemetry, self._rescued)

    def alive(self) -> bool:
        """Whether the work is in order, for a probe; also while there is none."""
        crew = self._present
        return crew is None or crew.is_stopping or crew.worker.alive()

    def ready(self) -> bool:
        """Whether jobs are taken at present, for a probe."""
        crew = self._present
        return crew is not None and not crew.is_stopping and crew.worker.ready()

    async def _start(self, concurrency: int) -> None:
        # Programs that only create jobs need not import what runs them.
        from steve.jobs.crew import Crew

        runtime = await self._opened()
        if runtime.embedded is not None:
            logger.warning(
                "working on the embedded PostgreSQL in %s, which is for development: "
                "in production set STEVE_DATABASE_URL or pass Jobs(db=…)",
                runtime.embedded.directory,
            )
        crew = Crew(
            runtime,
            self._registry,
            self._settings,
            self._telemetry,
            self._callbacks,
            concurrency,
            self._stop_soon,
        )
        types = self._registry.types()
        try:
            await crew.start()
        except asyncio.CancelledError:
            if crew.worker.id:
                # Registered: it would keep its lease, and nobody would know of it.
                await crew.stop()
            raise
        self._crew = crew
        if self._registry.types() != types:
            crew.types_changed()

    async def _until_over(self, crew: Crew) -> None:
        try:
            await crew.over.wait()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not crew.was_signalled or task is None:
                raise
            # asyncio.run has its own way with SIGINT: it cancels us. We stop anyway.
            task.uncancel()

    @property
    def _present(self) -> Crew | None:
        """The crew that works or stops."""
        if self._crew is not None and self._crew.is_gone:
            self._crew = None
        return self._crew

    async def _rescued(self, uids: Sequence[UUID]) -> None:
        await tell_over(await self._opened(), self._callbacks, self._run, uids, rescued=True)

    def _stop_soon(self) -> None:
        self._stopping = asyncio.get_running_loop().create_task(self.stop())

    def _handlers_changed(self) -> None:
        crew = self._crew
        if crew is not None:
            crew.types_changed()
