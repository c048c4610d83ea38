"""The database as the upper floors see it: operations to run, connections of one's own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeAlias, TypeVar

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from steve.core.errors import ConnectionFailed
from steve.database.connect import connect, connect_blocking, connect_patiently
from steve.database.deadline import Deadline
from steve.database.dsn import location, normalised
from steve.database.errors import READ_ONLY, is_connection_spoiled, is_rolled_back, is_transient
from steve.database.execute import (
    Runnable,
    execute,
    execute_planned_once,
    execute_together,
)
from steve.database.pool import MOST_CONNECTIONS, Pool, checkout, dsn_of, make_pool
from steve.database.presence import Presence
from steve.database.session import Profile, profile_of, settle
from steve.telemetry.telemetry import Telemetry

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Work: TypeAlias = Callable[[AsyncConnection[Any]], Awaitable[T]]

PAUSES = (0.05, 0.2, 0.8)
"""Longest pauses, in seconds, before a statement is sent again; each is drawn from 0 up to it."""

MARGIN = 5.0
"""Seconds beyond the statement timeout after which the server is taken for dead."""


class Operation(Runnable[T_co], Protocol[T_co]):
    """A statement that says whether sending it again after a lost reply does no harm, and whether
    one plan does for all values."""

    @property
    def repeatable(self) -> bool: ...

    @property
    def planned_once(self) -> bool: ...


class Database:
    """A database and the schema in it.

    `db` is a DSN, for which a pool is opened when it is needed, or the caller's pool, which is
    never closed here. `connect_timeout` and `statement_timeout` are seconds; a statement is given
    up some seconds after the latter even when the server does not react at all.
    """

    def __init__(
        self,
        db: str | AsyncConnectionPool[Any],
        schema: str = "steve",
        *,
        name: str = "steve",
        connect_timeout: float = 10.0,
        statement_timeout: float = 30.0,
        max_connections: int = MOST_CONNECTIONS,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.schema = schema
        self.name = name
        self.connect_timeout = connect_timeout
        self.statement_timeout = statement_timeout
        self.max_connections = max_connections
        self.presence = Presence(telemetry)
        self._dsn = normalised(db) if isinstance(db, str) else ""
        self._theirs = None if isinstance(db, str) else db
        self._ours: Pool | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._profile: Profile | None = None

    def __repr__(self) -> str:
        where = (
            f"the pool {self._theirs.name!r}" if self._theirs is not None else location(self._dsn)
        )
        return f"<Database {where} schema={self.schema!r}>"

    @property
    def profile(self) -> Profile | None:
        """How connections may be used; None until the first one was made. See `detect`."""
        return self._profile

    async def detect(self) -> Profile:
        """Find out whether a pooler is in between.

        Raises ConnectionFailed when the database cannot be reached.
        """
        if self._profile is None:
            async with self.connection() as connection:
                if self._profile is None:
                    allowed = connection.prepare_threshold
                    self._profile = await settle(connection)
                    connection.prepare_threshold = allowed
        return self._profile

    async def dsn(self) -> str:
        """Return the connection string, of the caller's pool if there is one. Holds a password."""
        if self._theirs is not None:
            return await dsn_of(self._theirs)
        return self._dsn

    async def run(self, operation: Operation[T]) -> T:
        """Run `operation` in a transaction of its own.

        A failure that passes is met by a few more attempts, if the operation is repeatable or the
        database says that nothing has happened. Raises ConnectionFailed, and psycopg's errors.
        """
        send = execute_planned_once if operation.planned_once else execute
        return await self._attempt(
            lambda: self._once(
                lambda connection: send(connection, operation, self.schema, prepare=self._prepare)
            ),
            operation.repeatable,
        )

    async def run_together(self, operations: Sequence[Operation[Any]]) -> list[Any]:
        """Run several operations in one transaction and one round trip; see `run`."""
        return await self._attempt(
            lambda: self._once(
                lambda connection: execute_together(
                    connection, operations, self.schema, prepare=self._prepare
                )
            ),
            all(operation.repeatable for operation in operations),
        )

    async def transact(self, work: Work[T]) -> T:
        """Do `work` on a connection, in one transaction, and anew where the database rolled it
        back. Raises as `run` does, and what `work` raises."""

        async def once() -> T:
            async with self.connection() as connection, connection.transaction():
                return await work(connection)
            raise AssertionError("a connection's block swallows nothing")

        return await self._attempt(once, repeatable=False)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection[Any], None]:
        """Take a connection out of the pool; it commits when the block ends.

        Raises ConnectionFailed when there is none within `connect_timeout`.
        """
        pool = await self._own_pool() if self._theirs is None else self._theirs
        waiting = True
        try:
            async with checkout(pool, self.connect_timeout) as connection:
                waiting = False
                try:
                    yield connection
                except psycopg.Error as error:
                    if is_connection_spoiled(error):
                        await connection.close()
                        if error.sqlstate == READ_ONLY and self._ours is not None:
                            # A failover: the others lead to the demoted server too.
                            await self._ours.drain()
                    raise
        except (PoolTimeout, PoolClosed):
            if not waiting:
                raise
        if waiting:
            raise await self._reason(pool)

    async def connect(
        self, *, name: str, timeout: float | None = None, writable: bool = True
    ) -> AsyncConnection[TupleRow]:
        """Open a connection of one's own, waiting for a server that is starting, or, unless not
        `writable`, that takes no writes.

        `timeout` is `connect_timeout` unless given. Raises ConnectionFailed.
        """
        dsn = await self.dsn()
        connection = await connect_patiently(
            dsn,
            name=name,
            timeout=self.connect_timeout if timeout is None else timeout,
            statement_timeout=self.statement_timeout,
            writable=writable,
            missed=lambda reason: self.presence.missed(location(dsn), reason),
        )
        if writable:
            self.presence.reached()
        self._profile = profile_of(connection)
        return connection

    def connect_blocking(
        self, *, name: str, timeout: float | None = None, statement_timeout: float | None = None
    ) -> Connection[TupleRow]:
        """Open a blocking connection of one's own, to write, for a thread; one attempt.

        The timeouts are the database's own unless given. Raises ConnectionFailed.
        """
        return connect_blocking(
            self._dsn if self._theirs is None else asyncio.run(self.dsn()),
            name=name,
            timeout=self.connect_timeout if timeout is None else timeout,
            statement_timeout=(
                self.statement_timeout if statement_timeout is None else statement_timeout
            ),
            writable=True,
        )

    async def close(self) -> None:
        """Close our pool; it opens again when it is needed. A caller's pool stays open."""
        pool, self._ours = self._ours, None
        if pool is not None and self._loop is asyncio.get_running_loop():
            await pool.close()

    @property
    def _prepare(self) -> bool | None:
        # A caller's pool may lead through a pooler without saying so.
        return True if self._theirs is None else None

    async def _attempt(self, once: Callable[[], Awaitable[T]], repeatable: bool) -> T:
        for pause in PAUSES:
            try:
                return await once()
            except psycopg.Error as error:
                if not (is_rolled_back(error) or (repeatable and is_transient(error))):
                    raise
            await asyncio.sleep(random.uniform(0, pause))  # noqa: S311 - spreads the attempts
        return await once()

    async def _once(self, work: Work[T]) -> T:
        async with self.connection() as connection:
            with Deadline(connection, self.statement_timeout + MARGIN):
                return await work(connection)
        raise AssertionError("a connection's block swallows nothing")

    async def _own_pool(self) -> Pool:
        loop = asyncio.get_running_loop()
        # A pool lives and dies with its event loop; a script may have several after each other.
        if self._ours is None or self._loop is not loop:
            self._loop = loop
            self._ours = make_pool(
                self._dsn,
                name=self.name,
                max_size=self.max_connections,
                timeout=self.connect_timeout,
                statement_timeout=self.statement_timeout,
                found=self._found,
            )
        pool = self._ours
        if pool.closed:
            await pool.open()
        return pool

    def _found(self, profile: Profile) -> None:
        self._profile = profile

    async def _reason(self, pool: AsyncConnectionPool[Any]) -> ConnectionFailed:
        """Find out why the pool had no connection to give."""
        if pool.closed:
            return ConnectionFailed(f"the pool {pool.name!r} is not open: await pool.open() first")
        dsn = await self.dsn()
        try:
            connection = await connect(
                dsn,
                name=self.name,
                timeout=min(self.connect_timeout, 3.0),
                statement_timeout=self.statement_timeout,
            )
        except ConnectionFailed as error:
            return error
        await connection.close()
        return ConnectionFailed(
            f"no connection to {location(dsn)} came free within {self.connect_timeout:g} s: all "
            f"{pool.max_size} of the pool {pool.name!r} are in use"
        )
