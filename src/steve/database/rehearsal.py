"""Installing the schema to look at what comes of it, and taking that back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString, cast

from psycopg import AsyncConnection

from steve.database.adapters import AsyncOwnCursor
from steve.database.execute import Runnable, execute
from steve.sql import migrations


@asynccontextmanager
async def rehearsed(
    connection: AsyncConnection[Any], schema: str, version: int, first: Sequence[Runnable[None]]
) -> AsyncGenerator[None, None]:
    """Install `schema` up to `version` for as long as the block runs, in a transaction that is
    rolled back. Nobody else ever sees it, and no lock of it is on anything that others have.

    `first` is run before, on the same terms. Raises psycopg's errors.
    """
    async with connection.transaction(force_rollback=True):
        for operation in first:
            await execute(connection, operation, schema, prepare=False)
        for migration in migrations(schema)[:version]:
            cursor = AsyncOwnCursor(connection)
            # Without parameters, so that several statements may be sent at once.
            await cursor.execute(cast("LiteralString", migration.text), prepare=False)
        yield
