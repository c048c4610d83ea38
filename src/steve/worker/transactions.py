"""The connections for `job.transaction()`: opened when needed, few, and never the worker's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from steve.database.connect import described
from steve.database.database import Database
from steve.database.pool import RECONNECT, take, take_blocking
from steve.database.refusal import NO_WRITES
from steve.database.session import says_read_only
from steve.operations.finish import Report, Settled
from steve.operations.operation import Operation
from steve.telemetry.telemetry import Telemetry
from steve.worker.sessions import LentAsyncConnection, LentConnection

T = TypeVar("T")
_NAME = "steve worker transaction"


class Run(Protocol):
    """Runs an operation on some connection."""

    async def __call__(self, operation: Operation[T], /) -> T: ...


class Transactions:
    """Lends connections to handlers, at most `limit` at once over both colours."""

    def __init__(
        self,
        database: Database,
        telemetry: Telemetry,
        *,
        limit: int,
        run: Run,
        settled: Callable[[Report, Settled], None],
    ) -> None:
        self.schema = database.schema
        self.telemetry = telemetry
        self.settled = settled
        """Tells those concerned that a job is completed."""
        self._database = database
        self._run = run
        self._options: dict[str, Any] = {
            "kwargs": {"autocommit": True, "prepare_threshold": None},
            "min_size": 0,
            "max_size": limit,
            "name": _NAME,
            "reconnect_timeout": RECONNECT,
        }
        # One bound for tasks and threads; a thread asks the loop for its place.
        self._free = asyncio.Semaphore(limit)
        self._loop = asyncio.get_running_loop()
        self._guard = threading.Lock()
        self._dsn: str | None = None
        self._pool: AsyncConnectionPool[LentAsyncConnection] | None = None
        self._blocking: ConnectionPool[LentConnection] | None = None
        self.closed = False

    async def open(self) -> None:
        """Learn where to connect to; nothing is opened until a handler asks."""
        self._dsn = described(await self._database.dsn(), _NAME, self._database.connect_timeout)

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation on one of the worker's own connections."""
        return await self._run(operation)

    async def borrow(self) -> LentAsyncConnection:
        """Lend a connection to a task, once there is one."""
        await self._free.acquire()
        try:
            if self._pool is None:
                pool = AsyncConnectionPool(
                    self._dsn or "",
                    connection_class=LentAsyncConnection,
                    check=self._check,
                    open=False,
                    **self._options,
                )
                self._pool = pool
                await pool.open()
            connection = await take(self._pool, self._database.connect_timeout)
        except BaseException:
            self._free.release()
            raise
        connection.lent = True
        return connection

    async def give_back(self, connection: LentAsyncConnection) -> None:
        """Take a connection back."""
        connection.lent = True
        if self._pool is None:
            await connection.close()
        else:
            await self._pool.putconn(connection)
        self._free.release()

    def borrow_blocking(self) -> LentConnection:
        """Lend a connection to a thread, once there is one."""
        asyncio.run_coroutine_threadsafe(self._free.acquire(), self._loop).result()
        try:
            with self._guard:
                if self._blocking is None:
                    self._blocking = ConnectionPool(
                        self._dsn or "",
                        connection_class=LentConnection,
                        check=self._check_blocking,
                        open=True,
                        **self._options,
                    )
            connection = take_blocking(self._blocking, self._database.connect_timeout)
        except BaseException:
            self._loop.call_soon_threadsafe(self._free.release)
            raise
        connection.lent = True
        return connection

    def give_back_blocking(self, connection: LentConnection) -> None:
        """Take a connection back from a thread."""
        connection.lent = True
        if self._blocking is None:
            connection.close()
        else:
            self._blocking.putconn(connection)
        self._loop.call_soon_threadsafe(self._free.release)

    async def close(self) -> None:
        """Close what was opened; what is lent still is closed when it is given back."""
        self.closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()
        blocking, self._blocking = self._blocking, None
        if blocking is not None:
            await asyncio.to_thread(blocking.close)

    async def _check(self, connection: LentAsyncConnection) -> None:
        """Refuse a connection that broke while nobody had it, or whose server was demoted."""
        await AsyncConnectionPool.check_connection(connection)
        if self._is_demoted(connection):
            await connection.close()
            raise psycopg.OperationalError(NO_WRITES.reason)

    def _check_blocking(self, connection: LentConnection) -> None:
        ConnectionPool.check_connection(connection)
        if self._is_demoted(connection):
            connection.close()
            raise psycopg.OperationalError(NO_WRITES.reason)

    def _is_demoted(self, connection: AsyncConnection[Any] | Connection[Any]) -> bool:
        profile = self._database.profile
        return profile is not None and not profile.pooled and says_read_only(connection)
