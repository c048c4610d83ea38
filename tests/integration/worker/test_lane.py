"""A worker's own connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from steve import ConnectionFailed
from steve.database.database import Database
from steve.operations.query import notify
from steve.operations.worker import alive
from steve.worker.lane import Lane
from support.waiting import eventually_async


async def test_a_connection_that_comes_after_the_end_is_closed(migrated_dsn: str) -> None:
    made: list[psycopg.AsyncConnection[Any]] = []

    class Slow(Database):
        async def connect(self, **options: Any) -> psycopg.AsyncConnection[Any]:
            made.append(await super().connect(**options))
            await lane.close()
            return made[-1]

    lane = Lane(Slow(migrated_dsn), "steve test", 10)
    with pytest.raises(ConnectionFailed, match="closed while"):
        await lane.run(notify("a", "b"))
    assert made[0].closed


async def test_a_statement_under_way_is_cut_short_by_the_end(migrated_dsn: str) -> None:
    async with held_up(migrated_dsn) as (lane, waiting):
        async with asyncio.timeout(5):
            await lane.close()
        # libpq would go on reading from what has been freed: sometimes the process dies of it.
        assert waiting.done()
        with pytest.raises(psycopg.OperationalError):
            await waiting
    assert await lane.run(alive()) == []
    await lane.close()


async def test_a_statement_that_is_given_up_ends_before_its_connection(migrated_dsn: str) -> None:
    async with held_up(migrated_dsn) as (lane, waiting):
        waiting.cancel()
        async with asyncio.timeout(5):
            await lane.close()
        assert waiting.done()
        with pytest.raises((asyncio.CancelledError, psycopg.OperationalError)):
            await waiting


@asynccontextmanager
async def held_up(dsn: str) -> AsyncGenerator[tuple[Lane, asyncio.Task[Any]], None]:
    """A lane of which a statement waits for a lock as long as the block runs."""
    lane = Lane(Database(dsn), "steve test", 10)
    await lane.run(alive())
    async with await psycopg.AsyncConnection.connect(dsn) as other:
        await other.execute("lock table steve.worker")
        waiting = asyncio.create_task(lane.run(alive()))
        await blocked(other)
        yield lane, waiting
        await other.rollback()


async def blocked(other: psycopg.AsyncConnection[Any]) -> None:
    """Wait until somebody waits for a lock."""
    query = "select exists (select from pg_locks where not granted)"

    async def seen() -> bool:
        return (await (await other.execute(query)).fetchall())[0][0]

    await eventually_async(seen, 5)
