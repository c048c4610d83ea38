"""The worker's loops: begun again when they fail, given up when they never can succeed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from steve.core.errors import SchemaMissing
from steve.core.pause import Pause
from steve.database.errors import is_schema_missing
from steve.events.ending import end
from steve.telemetry.catalogue import StatementFailed, WorkerFailed
from steve.telemetry.telemetry import Telemetry


class Loops:
    """Tasks that go on until they are stopped, or until the schema under them is gone."""

    def __init__(
        self,
        schema: str,
        telemetry: Telemetry,
        worker: Callable[[], int],
        on_failure: Callable[[], None],
    ) -> None:
        self._schema = schema
        self._telemetry = telemetry
        self._worker = worker
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def in_order(self) -> bool:
        """Whether nothing has failed for good."""
        return not self._failure.done()

    def begin(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work`, again and again if it fails; `what` names it in the telemetry."""
        task = asyncio.get_running_loop().create_task(self._supervise(what, work), name=what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def fail(self, error: BaseException) -> None:
        """Give up: `error` says that the schema is gone."""
        if self._failure.done():
            return
        failure = SchemaMissing(
            f"the schema {self._schema!r} is gone or incomplete ({error}): "
            "the worker stops; run `steve migrate` and start it again"
        )
        self._telemetry.emit(WorkerFailed(self._worker(), failure))
        self._failure.set_exception(failure)
        # Whoever does not wait for it must not be told that it was never retrieved.
        self._failure.exception()
        self._on_failure()

    async def wait_failed(self) -> None:
        """Wait for the failure, and raise it."""
        await asyncio.shield(self._failure)

    async def stop(self) -> None:
        """End all loops."""
        await asyncio.gather(*map(end, list(self._tasks)))

    async def _supervise(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        pause = Pause()
        while not self._failure.done():
            try:
                await work()
                return
            except Exception as error:
                if is_schema_missing(error):
                    self.fail(error)
                    return
                seconds = pause.next()
                self._telemetry.emit(StatementFailed(what, error, seconds))
                await asyncio.sleep(seconds)


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, but no longer than that; says whether it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
