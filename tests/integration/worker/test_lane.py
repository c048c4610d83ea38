"""A worker's own connection."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from steve import ConnectionFailed
from steve.database.database import Database
from steve.operations.query import notify
from steve.worker.lane import Lane


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
