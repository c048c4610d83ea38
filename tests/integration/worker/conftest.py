"""Fixtures of the tests of workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.workers import Bench, bench_on

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from support.databases import Databases


@pytest.fixture(scope="module")
def shared_dsn(databases: Databases, migrated_template: str) -> Iterator[str]:
    """A database for the tests of a module, one after the other."""
    with databases.temporary(migrated_template) as dsn:
        yield dsn


@pytest.fixture
async def bench(shared_dsn: str) -> AsyncGenerator[Bench, None]:
    """Workers and jobs, on a database whose tables are empty."""
    async with bench_on(shared_dsn) as bench:
        yield bench


@pytest.fixture
async def own_bench(migrated_dsn: str) -> AsyncGenerator[Bench, None]:
    """The same on a database of the test's own, which it may ruin."""
    async with bench_on(migrated_dsn, tidy=False) as bench:
        yield bench


@pytest.fixture
async def effects(bench: Bench) -> AsyncGenerator[Callable[[], Any], None]:
    """A table of the application, and a look at what is in it."""
    await bench.sql("create table public.effect (uid uuid, note text)")

    async def look() -> list[str]:
        return [note for (note,) in await bench.sql("select note from public.effect order by 1")]

    yield look
    await bench.close()
    await bench.sql("drop table public.effect")
