"""Running on a connection that somebody lends us, in whatever transaction it is in.

Nothing is committed here and nothing rolled back, except by a connection in autocommit, which
commits by itself. Blocking connections are used in threads, so that the event loop goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, LiteralString, TypeVar, cast

from psycopg import AsyncConnection, Connection, Copy
from psycopg.rows import tuple_row

from steve.core.errors import OptionTypeError
from steve.database.adapters import AsyncOwnCursor, OwnCursor
from steve.database.execute import execute, execute_blocking
from steve.operations.create import clock
from steve.operations.operation import Operation

T = TypeVar("T")
Row = Sequence[Any]
Write = Callable[[Iterable[Row]], Awaitable[None]]


class Joined:
    """An async connection, used and left as it was found."""

    def __init__(self, connection: AsyncConnection[Any], schema: str) -> None:
        self._connection = connection
        self._schema = schema

    @property
    def in_pipeline(self) -> bool:
        """Whether statements are sent ahead of answers, which makes a COPY impossible."""
        return bool(self._connection.pgconn.pipeline_status)

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation."""
        return await execute(self._connection, operation, self._schema)

    @asynccontextmanager
    async def block(self) -> AsyncGenerator[None, None]:
        """Do what the block does wholly or not at all."""
        if not self._connection.autocommit:
            # Else psycopg would take the block for the whole transaction, and commit at its end.
            await self.run(clock())
        async with self._connection.transaction():
            yield

    @asynccontextmanager
    async def copy(self, statement: str) -> AsyncGenerator[Write, None]:
        """Send rows by a COPY, with what the block is given."""
        cursor = AsyncOwnCursor(self._connection, row_factory=tuple_row)
        async with cursor.copy(cast("LiteralString", statement)) as copy:

            async def write(rows: Iterable[Row]) -> None:
                for row in rows:
                    await copy.write_row(row)

            yield write


class JoinedBlocking:
    """The same for a blocking connection."""

    def __init__(self, connection: Connection[Any], schema: str) -> None:
        self._connection = connection
        self._schema = schema

    @property
    def in_pipeline(self) -> bool:
        """Whether statements are sent ahead of answers, which makes a COPY impossible."""
        return bool(self._connection.pgconn.pipeline_status)

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation."""
        return await asyncio.to_thread(execute_blocking, self._connection, operation, self._schema)

    @asynccontextmanager
    async def block(self) -> AsyncGenerator[None, None]:
        """Do what the block does wholly or not at all."""
        if not self._connection.autocommit:
            await self.run(clock())
        async with _in_thread(self._connection.transaction()):
            yield

    @asynccontextmanager
    async def copy(self, statement: str) -> AsyncGenerator[Write, None]:
        """Send rows by a COPY, with what the block is given."""
        cursor = OwnCursor(self._connection, row_factory=tuple_row)
        async with _in_thread(cursor.copy(cast("LiteralString", statement))) as copy:

            async def write(rows: Iterable[Row]) -> None:
                await asyncio.to_thread(_write, copy, list(rows))

            yield write


def join(connection: object, schema: str) -> Joined | JoinedBlocking:
    """Return what runs on a caller's connection. Raises `OptionTypeError` for anything else."""
    if isinstance(connection, AsyncConnection):
        return Joined(cast("AsyncConnection[Any]", connection), schema)
    if isinstance(connection, Connection):
        return JoinedBlocking(cast("Connection[Any]", connection), schema)
    kind = f"{type(connection).__module__}.{type(connection).__qualname__}"
    raise OptionTypeError(
        "connection must be a psycopg AsyncConnection or Connection, not an object of class "
        f"{kind}: take a connection out of a pool or a session first"
    )


@asynccontextmanager
async def _in_thread(manager: AbstractContextManager[T]) -> AsyncGenerator[T, None]:
    """Enter and leave a blocking context manager in threads."""
    value = await asyncio.to_thread(manager.__enter__)
    try:
        yield value
    except BaseException as error:
        # Shielded: it has to be left, also when we are cancelled meanwhile.
        leaving = asyncio.to_thread(manager.__exit__, type(error), error, error.__traceback__)
        if not await asyncio.shield(leaving):
            raise
    else:
        await asyncio.shield(asyncio.to_thread(manager.__exit__, None, None, None))


def _write(copy: Copy, rows: list[Row]) -> None:
    for row in rows:
        copy.write_row(row)
