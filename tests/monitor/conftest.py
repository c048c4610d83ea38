"""The monitor's application, asked as a browser or a program asks it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest

from steve import Jobs
from steve.core.job import Job
from support.databases import Databases
from support.monitor import Page, fail

Connection = psycopg.AsyncConnection[Any]
Visit = Callable[..., Page]

TABLES = ("job", "job_archive", "attempt", "worker", "queue", "sleeper", "log", "sample", "action")


@pytest.fixture(scope="module")
def shared_dsn(databases: Databases, migrated_template: str) -> Iterator[str]:
    """A database for the tests of a module, one after the other."""
    with databases.temporary(migrated_template) as dsn:
        yield dsn


@pytest.fixture
async def jobs(shared_dsn: str, connection: Connection) -> AsyncGenerator[Jobs, None]:
    """A manager that is open and does not work."""
    async with Jobs(shared_dsn, handle_signals=False, poll_interval=0.2, grace=2.0) as jobs:
        yield jobs


@pytest.fixture
async def connection(shared_dsn: str) -> AsyncGenerator[Connection, None]:
    """A connection of the test's own, to the shared database with its tables emptied."""
    async with await psycopg.AsyncConnection.connect(shared_dsn, autocommit=True) as connection:
        for table in TABLES:
            await connection.execute(f"delete from steve.{table}".encode())
        yield connection


@pytest.fixture
async def visit(jobs: Jobs) -> AsyncGenerator[Visit, None]:
    """Open a page of a monitor that is made with these options, in process; `client` is from where
    it is asked."""
    async with AsyncExitStack() as stack:

        def visit(*, client: str = "127.0.0.1", **options: Any) -> Page:
            page = Page(jobs.monitor(**options), client)
            stack.push_async_callback(page.http.aclose)
            stack.push_async_callback(page.application.close)
            return page

        yield visit


@pytest.fixture
def page(visit: Visit) -> Page:
    """A page of a monitor that may act, on this machine."""
    return visit(actions=True)


@pytest.fixture
async def failed(jobs: Jobs) -> Job:
    """A job that has failed."""
    return await fail(jobs)
