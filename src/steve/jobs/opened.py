"""The base of the manager: its settings, and being open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from steve.core.errors import SteveError
from steve.core.registry import HandlerFunction, Registry
from steve.core.settings import Retention, Settings
from steve.database.dsn import normalised
from steve.events.callbacks import Callbacks
from steve.jobs.runtime import Runtime
from steve.jobs.trouble import explained
from steve.operations.operation import Operation
from steve.telemetry.telemetry import Telemetry

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from psycopg_pool import AsyncConnectionPool

T = TypeVar("T")


class Opened:
    """A manager that opens itself when it is first used."""

    def __init__(
        self,
        db: str | AsyncConnectionPool[Any] | None = None,
        *,
        schema: str = "steve",
        handler: HandlerFunction | None = None,
        handlers: Mapping[str, HandlerFunction] | None = None,
        queues: Iterable[str] | Mapping[str, int | None] = ("default",),
        listen_db: str | None = None,
        poll_interval: float | timedelta = 1.0,
        lease: float | timedelta = 30.0,
        grace: float | timedelta = 25.0,
        handle_signals: bool = True,
        migrate: Literal["auto", "check", "never"] = "auto",
        connect_timeout: float | timedelta = 10.0,
        max_payload: int = 1_048_576,
        retention: Retention | Mapping[str, float | timedelta | None] | None = None,
        transaction_connections: int = 20,
    ) -> None:
        """Check and keep the settings; nothing is connected yet.

        Raises `OptionError` and `OptionTypeError`. Durations are seconds or a timedelta.

        Args:
            db: connection string, or a pool that the caller opens and closes; None takes
                STEVE_DATABASE_URL, DATABASE_URL, or the embedded PostgreSQL.
            schema: the schema of the tables; several live side by side in one database.
            handler: handles every type that has no handler of its own.
            handlers: functions by type.
            queues: what the workers of this manager serve, or each with its own concurrency.
            listen_db: a direct connection string where `db` leads through a transaction pooler.
            poll_interval: how long an idle worker waits for a notification.
            lease: how long a worker may be silent before others take its jobs.
            grace: how long `stop` lets running handlers finish before it cancels them.
            handle_signals: stop on SIGTERM and SIGINT.
            migrate: install and update the schema upon first use; or "check" it, or "never".
            connect_timeout: how long to try to reach the database.
            max_payload: bytes of JSON that a payload or a result may have.
            retention: how long finished jobs are kept.
            transaction_connections: how many handlers can be in `job.transaction()` at once.
        """
        self._settings = Settings(
            db=db,
            schema=schema,
            queues=queues,
            listen_db=listen_db,
            poll_interval=poll_interval,
            lease=lease,
            grace=grace,
            handle_signals=handle_signals,
            migrate=migrate,
            connect_timeout=connect_timeout,
            max_payload=max_payload,
            retention=retention,
            transaction_connections=transaction_connections,
        )
        for name, dsn in (("db", self._settings.db), ("listen_db", self._settings.listen_db)):
            if isinstance(dsn, str):
                normalised(dsn, name)
        self._registry = Registry(handler, handlers, on_change=self._handlers_changed)
        self._telemetry = Telemetry()
        self._callbacks = Callbacks()
        self._runtime: Runtime | None = None
        self._turn: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None

    async def open(self) -> Self:
        """Connect, and install or check the schema. Everything else does this when needed.

        Raises `ConnectionFailed`, `SchemaError`, `EmbeddedUnavailable`.
        """
        await self._opened()
        return self

    async def close(self) -> None:
        """Stop working and disconnect. The manager opens again when it is used again."""
        async with self._lock():
            if self._runtime is not None:
                self._leave(self._runtime)
            runtime, self._runtime = self._runtime, None
            if runtime is not None:
                await runtime.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _opened(self, *, prepared: bool = True) -> Runtime:
        """Return what an open manager holds, with the schema looked after if `prepared`."""
        runtime = self._runtime
        here = runtime is not None and runtime.loop is asyncio.get_running_loop()
        if runtime is not None and here and (runtime.prepared or not prepared):
            return runtime
        async with self._lock():
            if self._runtime is not None:
                self._leave(self._runtime)
            fresh = self._runtime is None
            runtime = self._runtime or await Runtime.find(
                self._settings, self._telemetry, self._callbacks.calls
            )
            try:
                if prepared and not runtime.prepared:
                    await runtime.prepare()
            except BaseException:
                if fresh:
                    await runtime.close()
                raise
            self._runtime = runtime
            return runtime

    async def _run(self, operation: Operation[T]) -> T:
        """Run an operation, opening the manager if need be."""
        runtime = await self._opened()
        with explained(self._settings.schema):
            return await runtime.database.run(operation)

    def _handlers_changed(self) -> None:
        """Handlers came or went; called from any thread."""

    def _leave(self, runtime: Runtime) -> None:
        """Forget what belongs to another event loop, if that one has ended."""
        if runtime.loop is asyncio.get_running_loop():
            return
        if not runtime.loop.is_closed():
            raise SteveError(
                "this manager is open in another event loop: close it there first, "
                "or make a manager of its own for each loop"
            )
        runtime.abandon()
        self._runtime = None

    def _lock(self) -> asyncio.Lock:
        """Opening and closing take turns. A lock belongs to one event loop."""
        loop = asyncio.get_running_loop()
        if self._turn is None or self._turn[0] is not loop:
            self._turn = (loop, asyncio.Lock())
        return self._turn[1]
