"""The PostgreSQL that the tests run on, and a fresh database for each of them.

Three choices, by environment: `STEVE_TEST_DATABASE_URL` names a server (its user may create
databases), `STEVE_TEST_POSTGRES_BIN` a folder of programs to start one with; else the embedded one.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.database.embedded import start_blocking
from support.databases import Databases
from support.hanging import no_longer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    with no_longer(item):
        return (yield)


@pytest.fixture(scope="session")
def postgres_binaries() -> Path | None:
    """The folder of programs that was chosen for this run, or None for the embedded ones."""
    chosen = os.environ.get("STEVE_TEST_POSTGRES_BIN")
    return Path(chosen) if chosen else None


@pytest.fixture(scope="session")
def server_dsn(
    tmp_path_factory: pytest.TempPathFactory, postgres_binaries: Path | None
) -> Iterator[str]:
    """A server for this test run, shared by its processes."""
    given = os.environ.get("STEVE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    base = tmp_path_factory.getbasetemp()
    home = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with start_blocking(home, binaries=postgres_binaries) as server:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            # What a test run writes need not survive a power cut.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.dsn


@pytest.fixture(scope="session")
def databases(server_dsn: str) -> Iterator[Databases]:
    """Makes databases on the server of this run."""
    databases = Databases(server_dsn)
    yield databases
    databases.close()


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database of this test's own, empty."""
    with databases.temporary() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def migrated_template(databases: Databases) -> Iterator[str]:
    """The name of a database in which schema `steve` is installed. Only to be copied."""
    name = databases.create()
    asyncio.run(_migrate(databases.dsn(name)))
    yield name
    databases.drop(name)


@pytest.fixture
def migrated_dsn(databases: Databases, migrated_template: str) -> Iterator[str]:
    """A database of this test's own, with schema `steve` installed."""
    with databases.temporary(migrated_template) as dsn:
        yield dsn


async def _migrate(dsn: str) -> None:
    from steve.database.migrate import migrate

    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await migrate(connection, "steve")
