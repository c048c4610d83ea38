"""Fixtures of the tests of listening and waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from steve.database.database import Database
from steve.events.listener import Listener
from steve.events.waiter import Waiter
from steve.telemetry.telemetry import Telemetry
from support.events import Events

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@pytest.fixture
async def connection(migrated_dsn: str) -> AsyncGenerator[psycopg.AsyncConnection[Any], None]:
    """A connection of the test's own."""
    async with await psycopg.AsyncConnection.connect(migrated_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def database(migrated_dsn: str) -> AsyncGenerator[Database, None]:
    """The test's database, with the schema installed."""
    database = Database(migrated_dsn, connect_timeout=5.0)
    yield database
    await database.close()


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture
async def events(telemetry: Telemetry) -> Events:
    """What the listener says."""
    return Events(telemetry)


@pytest.fixture
async def listener(database: Database, telemetry: Telemetry) -> AsyncGenerator[Listener, None]:
    """A listener that has not been started."""
    listener = Listener(database, telemetry)
    yield listener
    await listener.stop()


@pytest.fixture
async def waiter(database: Database, listener: Listener) -> AsyncGenerator[Waiter, None]:
    """A waiter that looks seldom: what it knows sooner it was told, or it looked early."""
    waiter = Waiter(database, listener, poll_interval=30.0)
    yield waiter
    await waiter.stop()
