"""The pool of a manager's connections: opened when the first one is needed, small, self-healing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from inspect import isawaitable
from time import monotonic
from typing import Any, TypeAlias, TypeVar, cast

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

from steve.database.connect import described
from steve.database.session import Profile, settle
from steve.database.terse import TerseAsyncConnection

Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[TupleRow]]
C = TypeVar("C", bound=AsyncConnection[Any])
B = TypeVar("B", bound=Connection[Any])

MOST_CONNECTIONS = 20

SLICE = 2.0
"""Seconds of one wait for a connection: each wait lets the pool try to connect anew."""

RECONNECT = 1.0
"""Seconds for which a pool tries by itself. Its attempts back off by minutes, so that it would come
back long after the server has; they end soon instead, and who waits begins new ones."""

_NOT_LIBPQ = frozenset(
    {"autocommit", "prepare_threshold", "context", "row_factory", "cursor_factory"}
)


def make_pool(
    dsn: str,
    *,
    name: str,
    max_size: int = MOST_CONNECTIONS,
    timeout: float = 10.0,
    statement_timeout: float | None = None,
    found: Callable[[Profile], None] = lambda profile: None,
) -> Pool:
    """Make a pool that, once open, connects when somebody needs a connection and not before.

    Its connections are set up as those of `connect`; `found` is told the profile of each. Take
    them out with `checkout`. Raises OptionError when `dsn` is no connection string.
    """

    async def configure(connection: AsyncConnection[TupleRow]) -> None:
        try:
            async with asyncio.timeout(timeout):
                found(await settle(connection, statement_timeout))
        except BaseException:
            await connection.close()
            raise

    return AsyncConnectionPool(
        described(dsn, name, timeout),
        connection_class=TerseAsyncConnection,
        kwargs={"autocommit": True},
        name=name,
        min_size=0,
        max_size=max_size,
        timeout=timeout,
        reconnect_timeout=RECONNECT,
        configure=configure,
        open=False,
    )


async def open_pool(
    dsn: str,
    *,
    name: str,
    max_size: int = MOST_CONNECTIONS,
    timeout: float = 10.0,
    statement_timeout: float | None = None,
) -> Pool:
    """Make a pool and open it; see `make_pool`."""
    pool = make_pool(
        dsn, name=name, max_size=max_size, timeout=timeout, statement_timeout=statement_timeout
    )
    await pool.open()
    return pool


@asynccontextmanager
async def checkout(
    pool: AsyncConnectionPool[Any], timeout: float
) -> AsyncGenerator[AsyncConnection[Any], None]:
    """Take a connection out of any pool, as `pool.connection()` does, but a live one.

    Raises psycopg_pool.PoolTimeout when there is none within `timeout` seconds.
    """
    connection = await take(pool, timeout)
    try:
        async with connection:
            yield connection
    finally:
        await pool.putconn(connection)


async def dsn_of(pool: AsyncConnectionPool[Any]) -> str:
    """Return the connection string by which `pool` connects, its keyword arguments included."""
    conninfo: Any = pool.conninfo
    if callable(conninfo):
        conninfo = conninfo()
        if isawaitable(conninfo):
            conninfo = await conninfo
    arguments: Any = pool.kwargs
    if callable(arguments):
        arguments = arguments()
        if isawaitable(arguments):
            arguments = await arguments
    given = cast("dict[str, Any]", arguments or {})
    return make_conninfo(
        cast("str", conninfo or ""),
        **{key: value for key, value in given.items() if key not in _NOT_LIBPQ},
    )


async def take(pool: AsyncConnectionPool[C], timeout: float) -> C:
    """Take a live connection out of a pool, to be put back. Raises as `checkout` does."""
    end = monotonic() + timeout
    while True:
        left = end - monotonic()
        try:
            connection = await pool.getconn(min(left, SLICE))
        except PoolTimeout:
            if left <= SLICE:
                raise
            continue
        if _is_alive(connection):
            return connection
        await connection.close()
        await pool.putconn(connection)


def take_blocking(pool: ConnectionPool[B], timeout: float) -> B:
    """Do as `take` does, in a thread, for a pool that checks its connections."""
    end = monotonic() + timeout
    while True:
        left = end - monotonic()
        try:
            return pool.getconn(min(left, SLICE))
        except PoolTimeout:
            if left <= SLICE:
                raise


def _is_alive(connection: AsyncConnection[Any]) -> bool:
    """Whether the server has not hung up, by what has arrived already: no round trip."""
    try:
        # The first look may read the server's farewell, the second then meets the end.
        connection.pgconn.consume_input()
        connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return False
    return not connection.closed
