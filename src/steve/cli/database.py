"""The database without a manager: for commands that look beside or beneath the jobs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from steve.cli.common import CONNECT_TIMEOUT

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg.rows import TupleRow

NAME = "steve command"
"""What our connections are called in pg_stat_activity."""


@asynccontextmanager
async def located(db: str | None) -> AsyncGenerator[str, None]:
    """Give the DSN of the database that `Jobs(db)` would take, and keep it running if embedded."""
    from steve.database.dsn import find_dsn

    source = find_dsn(db)
    if source.dsn is not None:
        yield source.dsn
        return
    async with embedded() as dsn:
        yield dsn


@asynccontextmanager
async def embedded() -> AsyncGenerator[str, None]:
    """Give the DSN of the embedded PostgreSQL, which runs at least as long as the block."""
    from steve.database.embedded import start

    async with await start() as server:
        yield server.dsn


@asynccontextmanager
async def connection(dsn: str) -> AsyncGenerator[AsyncConnection[TupleRow], None]:
    """Open a connection for as long as the block runs. Raises ConnectionFailed."""
    from steve.database.connect import connect

    async with await connect(dsn, name=NAME, timeout=CONNECT_TIMEOUT) as connected:
        yield connected
