"""Fixtures of the tests of connections and of what runs on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.database import execute
from steve.database.database import Database
from steve.sql.loader import rewrite

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from psycopg.rows import TupleRow


@pytest.fixture
def own_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the name of an operation its SQL, so that tests can run statements of their own."""
    monkeypatch.setattr(execute, "statement", rewrite)


@pytest.fixture
async def connection(dsn: str) -> AsyncGenerator[psycopg.AsyncConnection[TupleRow], None]:
    """A connection as any application might have it."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def database(dsn: str, own_statements: None) -> AsyncGenerator[Database, None]:
    """The test's database, with a pool of ours."""
    database = Database(dsn, connect_timeout=5.0)
    yield database
    await database.close()
