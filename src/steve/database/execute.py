"""Running operations on psycopg connections, ours or a caller's.

Rows come as tuples of plain values whatever the connection is set up for: times in UTC, JSON as
bytes. Nothing on the connection is changed, and no transaction is begun or ended beyond what the
connection does by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, LiteralString, Protocol, TypeVar, cast

from psycopg import AsyncConnection, AsyncPipeline, Connection
from psycopg.rows import tuple_row

from steve.database.adapters import AsyncOwnCursor, OwnCursor
from steve.sql import statement

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Row = tuple[Any, ...]

_PLAN_ONCE = "select set_config('plan_cache_mode', 'force_generic_plan', true)"
"""For this transaction only."""


class Runnable(Protocol[T_co]):
    """What is run: the name of a statement, its parameters, how to read its rows, and whether it
    is never to be prepared, since its plan depends on the values."""

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> Mapping[str, Any]: ...

    @property
    def read(self) -> Callable[[list[Row]], T_co]: ...

    @property
    def planned_anew(self) -> bool: ...


async def execute(
    connection: AsyncConnection[Any],
    operation: Runnable[T],
    schema: str,
    *,
    prepare: bool | None = None,
) -> T:
    """Run `operation` and return what it reads from the answer.

    `prepare=True` keeps the statement prepared on the server, unless the connection does not allow
    it; None leaves the decision to the connection. Raises what psycopg raises.
    """
    cursor = await _send(connection, operation, schema, prepare=prepare)
    return operation.read(await _rows(cursor))


def execute_blocking(
    connection: Connection[Any],
    operation: Runnable[T],
    schema: str,
    *,
    prepare: bool | None = None,
) -> T:
    """Do as `execute` does, on a blocking connection."""
    text, values = _request(operation, schema)
    cursor = OwnCursor(connection, row_factory=tuple_row)
    cursor.execute(text, values, prepare=_prepared(operation, prepare), binary=True)
    if connection.pgconn.pipeline_status:
        with connection.pipeline():
            pass  # its end is when answers have arrived
    return operation.read(cursor.fetchall() if cursor.rownumber is not None else [])


async def execute_together(
    connection: AsyncConnection[Any],
    operations: Sequence[Runnable[Any]],
    schema: str,
    *,
    prepare: bool | None = None,
) -> list[Any]:
    """Run several operations in one transaction and return their answers, all or none.

    It takes a single round trip where libpq can send statements ahead of answers. Within a
    caller's transaction they join that transaction. Raises the error of the first that fails.
    """
    if not AsyncPipeline.is_supported():
        async with connection.transaction():
            return [
                await execute(connection, operation, schema, prepare=prepare)
                for operation in operations
            ]
    # What is sent between two synchronisation points is one transaction. BEGIN and COMMIT of
    # `connection.transaction()` would be such points, each a round trip of its own.
    async with connection.pipeline():
        cursors = [
            await _send(connection, operation, schema, prepare=prepare) for operation in operations
        ]
    return [
        operation.read(await _rows(cursor))
        for operation, cursor in zip(operations, cursors, strict=True)
    ]


async def execute_planned_once(
    connection: AsyncConnection[Any],
    operation: Runnable[T],
    schema: str,
    *,
    prepare: bool | None = None,
) -> T:
    """Do as `execute` does, with one plan for all values wherever the statement is prepared.

    By itself the server makes a plan for the values at hand as long as that looks cheaper; with a
    hundred partitions, making one takes ten times as long as using it. In a transaction of its own.
    """
    block = connection.pipeline() if AsyncPipeline.is_supported() else connection.transaction()
    async with block:
        setting = AsyncOwnCursor(connection, row_factory=tuple_row)
        await setting.execute(_PLAN_ONCE, prepare=prepare)
        cursor = await _send(connection, operation, schema, prepare=prepare)
    return operation.read(await _rows(cursor))


async def _send(
    connection: AsyncConnection[Any],
    operation: Runnable[Any],
    schema: str,
    *,
    prepare: bool | None,
) -> AsyncOwnCursor:
    text, values = _request(operation, schema)
    cursor = AsyncOwnCursor(connection, row_factory=tuple_row)
    await cursor.execute(text, values, prepare=_prepared(operation, prepare), binary=True)
    return cursor


async def _rows(cursor: AsyncOwnCursor) -> list[Row]:
    if cursor.rownumber is None and cursor.connection.pgconn.pipeline_status:
        async with cursor.connection.pipeline():
            pass  # a caller's pipeline: the end of a block is when answers have arrived
    # Only a cursor with rows has a row number: a statement without RETURNING has none to fetch.
    return await cursor.fetchall() if cursor.rownumber is not None else []


def _prepared(operation: Runnable[Any], prepare: bool | None) -> bool | None:
    return False if operation.planned_anew else prepare


def _request(operation: Runnable[Any], schema: str) -> tuple[LiteralString, list[Any]]:
    """Return the text to send and the values for `$1`, `$2` …"""
    found = statement(operation.name, schema)
    values = operation.parameters
    # Literal but for the quoted schema.
    return cast("LiteralString", found.text), [values[name] for name in found.parameters]
