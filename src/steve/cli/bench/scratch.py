"""The schema that a benchmark makes for itself, and removes again."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, LiteralString, cast

from steve.cli.database import connection

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg.rows import TupleRow

PREFIX = "steve_bench_"
SCHEMA_VARIABLE = "STEVE_BENCH_SCHEMA"
"""Tells the worker process where to work."""


class Scratch:
    """A schema of the benchmark's own, with a connection to look into it."""

    def __init__(self, dsn: str, schema: str, connected: AsyncConnection[TupleRow]) -> None:
        self.dsn = dsn
        self.schema = schema
        self._connection = connected

    async def rows(self, query: str, *values: Any) -> list[TupleRow]:
        """Run a query, in which `steve.` stands for the schema and %s for the values."""
        text = query.replace("steve.", f"{self.schema}.")
        # Values travel apart; the schema's name is of our own making and needs no quotes.
        cursor = await self._connection.execute(cast("LiteralString", text), values or None)
        return await cursor.fetchall() if cursor.description else []

    async def empty(self) -> None:
        """Forget all jobs, as if the schema were new."""
        await self.rows("truncate steve.job, steve.job_archive, steve.attempt")

    async def settle(self) -> None:
        """Let the planner know what is there, as autovacuum would have by and by."""
        await self.rows("vacuum (analyze) steve.job")


@asynccontextmanager
async def scratch(dsn: str) -> AsyncGenerator[Scratch, None]:
    """Install a new schema; it is dropped when the block ends, however it ends."""
    from steve.database.migrate import migrate, uninstall

    schema = f"{PREFIX}{secrets.token_hex(3)}"
    async with connection(dsn) as connected:
        try:
            await migrate(connected, schema)
            yield Scratch(dsn, schema, connected)
        finally:
            # A new connection: the other one may be in the middle of something.
            async with connection(dsn) as another:
                await uninstall(another, schema)
