"""One statement, prepared on one connection, and sent by libpq without a cursor.

A cursor finds out each time what cannot change here: whether the statement is prepared, how its
parameters are written, how its columns are read. On an idle system none of that is in any cache,
and it takes a fifth of the time from asking to knowing.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult
from psycopg.rows import tuple_row

from steve.database.adapters import AsyncOwnCursor
from steve.database.execute import Runnable
from steve.sql import statement

T = TypeVar("T")


class PreparedStatement:
    """A statement that returns rows, on a connection that nobody else uses meanwhile.

    Whoever cancels or fails `run` has to close the connection: its answer may still come.
    """

    def __init__(self, connection: AsyncConnection[Any], name: str, schema: str) -> None:
        self.connection = connection
        found = statement(name, schema)
        self._text = found.text.encode()
        self._parameters = found.parameters
        self._formats = [PyFormat.BINARY] * len(found.parameters)
        self._name = f"steve {name}".encode()
        self._prepared = False
        ours = AsyncOwnCursor(connection, row_factory=tuple_row)
        self._dumpers = Transformer(ours)
        self._loaders = Transformer(ours)
        self._loaders_known = False

    async def run(self, operation: Runnable[T]) -> T:
        """Run an operation of this name. Raises what psycopg raises."""
        pgconn = self.connection.pgconn
        if not self._prepared:
            pgconn.send_prepare(self._name, self._text)
            await self._answer(ExecStatus.COMMAND_OK)
            self._prepared = True
        values = [operation.parameters[name] for name in self._parameters]
        dumped = self._dumpers.dump_sequence(values, self._formats)
        pgconn.send_query_prepared(
            self._name, dumped, self._dumpers.formats, result_format=Format.BINARY
        )
        result = await self._answer(ExecStatus.TUPLES_OK)
        return operation.read(self._rows(result))

    def _rows(self, result: PGresult) -> list[tuple[Any, ...]]:
        # The server refuses to run a prepared statement whose columns have changed.
        self._loaders.set_pgresult(
            result, set_loaders=not self._loaders_known, format=Format.BINARY
        )
        self._loaders_known = True
        return self._loaders.load_rows(0, result.ntuples, tuple)

    async def _answer(self, expected: ExecStatus) -> PGresult:
        """Send what libpq has been given, and wait for the one result of it."""
        await self._arrival()
        pgconn = self.connection.pgconn
        result = pgconn.get_result()
        while pgconn.get_result() is not None:
            pass  # none follows, but libpq wants to have said so
        if result is None:
            raise psycopg.OperationalError("the connection ended instead of an answer")
        if result.status != expected:
            raise psycopg.errors.error_from_result(result, encoding=self.connection.info.encoding)
        return result

    async def _arrival(self) -> None:
        """Wait until everything is sent and a result can be had without waiting.

        The steps are those of libpq's documentation, "Asynchronous Command Processing".
        """
        loop = asyncio.get_running_loop()
        pgconn = self.connection.pgconn
        socket = pgconn.socket
        arrived: asyncio.Future[None] = loop.create_future()
        unsent = pgconn.flush()

        def look() -> None:
            nonlocal unsent
            if arrived.done():
                return
            try:
                pgconn.consume_input()
                if unsent:
                    unsent = pgconn.flush()
                    if not unsent:
                        loop.remove_writer(socket)
                if not pgconn.is_busy():
                    arrived.set_result(None)
            except psycopg.Error as error:
                arrived.set_exception(error)

        loop.add_reader(socket, look)
        if unsent:
            loop.add_writer(socket, look)
        try:
            await arrived
        finally:
            loop.remove_reader(socket)
            if unsent:
                loop.remove_writer(socket)
