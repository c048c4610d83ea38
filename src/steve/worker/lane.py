"""A connection of the worker's own, for one statement at a time, opened anew when it broke."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, TypeVar

from psycopg import AsyncConnection

from steve.core.errors import ConnectionFailed
from steve.database.database import Database
from steve.database.deadline import cut
from steve.database.errors import is_connection_spoiled
from steve.database.execute import execute, execute_together
from steve.database.prepared import PreparedStatement
from steve.database.session import profile_of
from steve.operations.operation import Operation

T = TypeVar("T")

PLAN_AGE = 30.0
SLOW = 0.05
SLOW_PLAN_AGE = 1.0
"""Seconds. A plan is made anew at this age, or at the smaller one when statements are slow: one
that was made for a handful of jobs does not fit the hundred thousand that came since."""

_SETTINGS = "set plan_cache_mode = force_generic_plan; set jit = off"
"""The statements are written for one plan: planning them each time, or compiling them because the
planner cannot see how few rows they will touch, takes longer than running them."""


class Lane:
    """Runs operations on one connection, each within a deadline.

    A statement that is given no answer in `deadline` seconds loses the connection: a host that
    swallows packets must not hold a worker up, and what is left half done on a connection must
    not meet the next statement.
    """

    def __init__(self, database: Database, name: str, deadline: float) -> None:
        self._database = database
        self._name = name
        self._deadline = deadline
        self._connection: AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()
        self._closings = 0
        self._planned_at = 0.0
        self._prepared: dict[str, PreparedStatement] = {}
        self.took = 0.0
        """Seconds that the last answer took to come, without the wait for one's turn."""

    async def run(self, operation: Operation[T]) -> T:
        """Run one operation. Raises what psycopg raises, `TimeoutError`, `ConnectionFailed`."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._deadline):
                    connection = await self._open()
                    began = monotonic()
                    answer = await self._execute(connection, operation)
                    self.took = monotonic() - began
                    return answer
            except BaseException as error:
                await self._judge(error)
                raise

    async def run_together(self, operations: Sequence[Operation[Any]]) -> list[Any]:
        """Run several operations in one transaction. Raises as `run` does."""
        if len(operations) == 1:
            return [await self.run(operations[0])]
        async with self._turn:
            try:
                async with asyncio.timeout(self._deadline):
                    connection = await self._open()
                    began = monotonic()
                    answers = await execute_together(
                        connection, operations, self._database.schema, prepare=_prepare(connection)
                    )
                    self.took = monotonic() - began
                    return answers
            except BaseException as error:
                await self._judge(error)
                raise

    async def close(self) -> None:
        """Close the connection, cutting a statement short. The next operation opens another."""
        self._closings += 1
        if self._connection is None:
            return
        if self._turn.locked():
            # Closed under a statement, which would go on reading from it, it is freed memory: now
            # and then the process dies of that. Cut, it ends the statement.
            cut(self._connection)
        async with self._turn:
            await self._drop()

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.close()

    async def _open(self) -> AsyncConnection[Any]:
        connection = self._connection
        now = monotonic()
        if connection is None or connection.closed:
            closings = self._closings
            connection = await self._database.connect(name=self._name)
            if self._closings != closings:
                await connection.close()
                raise ConnectionFailed(f"{self._name} was closed while it was being opened")
            # Known from now on, or nobody would close it if what follows is cut short.
            self._connection = connection
            if not profile_of(connection).pooled:
                await connection.execute(_SETTINGS)
        elif now - self._planned_at < (SLOW_PLAN_AGE if self.took > SLOW else PLAN_AGE):
            return connection
        elif not profile_of(connection).pooled:
            await connection.execute("discard plans")
        self._planned_at = now
        return connection

    async def _execute(self, connection: AsyncConnection[Any], operation: Operation[T]) -> T:
        schema, prepare = self._database.schema, _prepare(connection)
        if not (operation.urgent and prepare):
            return await execute(connection, operation, schema, prepare=prepare)
        prepared = self._prepared.get(operation.name)
        if prepared is None or prepared.connection is not connection:
            prepared = PreparedStatement(connection, operation.name, schema)
            self._prepared[operation.name] = prepared
        return await prepared.run(operation)

    async def _judge(self, error: BaseException) -> None:
        """Keep the connection only after errors that leave it in a known state."""
        if isinstance(error, Exception) and not isinstance(error, TimeoutError):
            known = self._connection is None or not (
                self._connection.broken or is_connection_spoiled(error)
            )
            if known:
                return
        await self._drop()


def _prepare(connection: AsyncConnection[Any]) -> bool | None:
    return None if profile_of(connection).pooled else True
