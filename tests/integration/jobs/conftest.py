"""Fixtures of the tests of the manager."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from steve import Jobs
from support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from support.databases import Databases

Connection = psycopg.AsyncConnection[Any]
Make = Callable[..., Jobs]

TABLES = ("job", "job_archive", "attempt", "worker", "queue", "sleeper")


@pytest.fixture(scope="module")
def shared_dsn(databases: Databases, migrated_template: str) -> Iterator[str]:
    """A database for the tests of a module, one after the other."""
    with databases.temporary(migrated_template) as dsn:
        yield dsn


@pytest.fixture
async def connection(shared_dsn: str) -> AsyncGenerator[Connection, None]:
    """A connection of the test's own, to the shared database with its tables emptied."""
    async with await psycopg.AsyncConnection.connect(shared_dsn, autocommit=True) as connection:
        for table in TABLES:
            await connection.execute(f"delete from steve.{table}")  # pyright: ignore[reportArgumentType]
        yield connection


@pytest.fixture
async def make(shared_dsn: str, connection: Connection) -> AsyncGenerator[Make, None]:
    """Make managers, on the shared database unless told otherwise, that leave nothing behind."""
    before = asyncio.all_tasks()
    made: list[Jobs] = []

    def make(db: Any = shared_dsn, **settings: Any) -> Jobs:
        defaults = {"connect_timeout": 5.0, "grace": 5.0, "handle_signals": False}
        jobs = Jobs(db, **{**defaults, **settings})
        made.append(jobs)
        return jobs

    yield make
    for jobs in made:
        await jobs.close()
    await left_nothing(before)


@pytest.fixture
def jobs(make: Make) -> Jobs:
    """A manager that has not been opened."""
    return make()


async def left_nothing(before: set[asyncio.Task[Any]]) -> None:
    """Check that no task and no thread of a manager is there any more."""

    async def gone() -> bool:
        tasks = asyncio.all_tasks() - before - {asyncio.current_task()}
        return not tasks and not any(t.name.startswith("steve") for t in threading.enumerate())

    await eventually_async(gone, 3.0, what=f"end of {asyncio.all_tasks()}")
