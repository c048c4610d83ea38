"""Opening and closing: lazily, once, and where the environment says."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import psycopg_pool
import pytest
from psycopg import conninfo

from integration.jobs.conftest import Connection, Make
from steve import (
    ConnectionFailed,
    EmbeddedUnavailable,
    Jobs,
    SchemaMissing,
    SchemaTooNew,
    SteveError,
)
from support.network import unused_port


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "STEVE_DATABASE_URL",
        "DATABASE_URL",
        "KUBERNETES_SERVICE_HOST",
        "STEVE_REQUIRE_DATABASE",
    ):
        monkeypatch.delenv(name, raising=False)


async def connections(connection: Connection) -> int:
    cursor = await connection.execute(
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and application_name like 'steve%'"
    )
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


async def test_first_use_opens_and_installs(make: Make, dsn: str) -> None:
    jobs = make(dsn)
    job = await jobs.create("t")
    assert (await jobs.find(job.uid)).job is not None


async def test_opening_is_done_once_by_many(make: Make, dsn: str) -> None:
    jobs = make(dsn)
    made = await asyncio.gather(*(jobs.create("t") for _ in range(10)))
    assert len({job.uid for job in made}) == 10


async def test_many_managers_may_install_at_the_same_time(make: Make, dsn: str) -> None:
    await asyncio.gather(*(make(dsn).create("t") for _ in range(4)))
    assert len(await make(dsn).fetch_all()) == 4


async def test_it_opens_again_after_it_was_closed(jobs: Jobs, connection: Connection) -> None:
    async with jobs as entered:
        assert entered is jobs
        await jobs.create("t")
        assert await connections(connection) >= 1
    await jobs.create("t")
    await jobs.close()
    await jobs.close()


async def test_closing_leaves_no_connection(jobs: Jobs, connection: Connection) -> None:
    job = await jobs.create("t", on_done=print)
    with pytest.raises(TimeoutError):
        await jobs.wait(job, 0.1)
    await jobs.close()
    for _ in range(100):
        if not await connections(connection):
            break
        await asyncio.sleep(0.02)
    assert await connections(connection) == 0


@pytest.mark.parametrize(
    "use",
    [lambda jobs: jobs.open(), lambda jobs: jobs.create("t"), lambda jobs: jobs.start(1)],
    ids=["open", "create", "start"],
)
async def test_an_unreachable_database_is_an_error_in_time(
    make: Make, use: Callable[[Jobs], Awaitable[Any]]
) -> None:
    jobs = make(f"postgresql://app:hidden@127.0.0.1:{unused_port()}/shop", connect_timeout=0.3)
    async with asyncio.timeout(3):
        with pytest.raises(ConnectionFailed, match="/shop") as caught:
            await use(jobs)
    assert "hidden" not in str(caught.value)
    # It can be tried again.
    with pytest.raises(ConnectionFailed):
        await use(jobs)


async def test_a_wrong_database_fails_without_waiting(make: Make, shared_dsn: str) -> None:
    jobs = make(conninfo.make_conninfo(shared_dsn, dbname="nothing_there"))
    async with asyncio.timeout(3):
        with pytest.raises(ConnectionFailed, match="nothing_there"):
            await jobs.start()


async def test_check_and_never_install_nothing(make: Make, dsn: str) -> None:
    with pytest.raises(SchemaMissing, match="steve migrate"):
        await make(dsn, migrate="check").open()
    jobs = make(dsn, migrate="never")
    await jobs.open()
    with pytest.raises(SchemaMissing, match="steve migrate"):
        await jobs.create("t")
    await jobs.migrate()
    await jobs.create("t")
    await make(dsn, migrate="check").create("t")


async def test_a_newer_schema_is_refused(make: Make, dsn: str) -> None:
    await make(dsn).open()
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("insert into steve.migration (version, name) values (999, 'x')")
    for migrate in ("auto", "check"):
        with pytest.raises(SchemaTooNew):
            await make(dsn, migrate=migrate).open()


async def test_schemas_are_worlds_apart(make: Make, dsn: str) -> None:
    one, two = make(dsn, schema="one"), make(dsn, schema='Two "quoted"; --')
    job = await one.create("t")
    assert (await two.find(job.uid)).job is None
    await two.create("t")
    assert len(await one.fetch_all()) == len(await two.fetch_all()) == 1


@pytest.mark.parametrize("variable", ["STEVE_DATABASE_URL", "DATABASE_URL"])
async def test_the_environment_names_the_database(
    make: Make,
    shared_dsn: str,
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    jobs = make(None)
    monkeypatch.setenv(variable, shared_dsn)
    with caplog.at_level(logging.INFO, "steve"):
        await jobs.create("t")
    (said,) = [r.getMessage() for r in caplog.records if "using the database" in r.getMessage()]
    assert variable in said
    assert str(conninfo.conninfo_to_dict(shared_dsn)["dbname"]) in said


async def test_a_pool_of_the_caller_is_used_and_left_open(make: Make, shared_dsn: str) -> None:
    async with psycopg_pool.AsyncConnectionPool(shared_dsn, min_size=1, open=False) as pool:
        jobs = make(pool)
        job = await jobs.create("t")
        assert await jobs.wait(job, 0.1) if False else (await jobs.find(job.uid)).job
        await jobs.close()
        async with pool.connection() as connection:
            await connection.execute("select 1")


async def test_a_pool_that_is_not_open_is_an_error(make: Make, shared_dsn: str) -> None:
    pool = psycopg_pool.AsyncConnectionPool(shared_dsn, min_size=1, open=False)
    with pytest.raises(ConnectionFailed, match="not open"):
        await make(pool).create("t")


def test_one_event_loop_after_the_other(shared_dsn: str) -> None:
    jobs = Jobs(shared_dsn)

    async def main() -> Any:
        job = await jobs.create("t")
        await jobs.close()
        return job.uid

    assert asyncio.run(main()) != asyncio.run(main())


ABANDONED = """
import asyncio, sys, threading, time
from steve import Jobs

jobs = Jobs(sys.argv[1], handle_signals=False, lease=1)

async def work():
    await jobs.start(1)
    await jobs.create("t")

async def work_and_close():
    await work()
    await jobs.close()

asyncio.run(work())
asyncio.run(work_and_close())
# Nobody renews the lease of the first worker any more.
end = time.monotonic() + 10
while any(thread.name.startswith("steve") for thread in threading.enumerate()):
    assert time.monotonic() < end, threading.enumerate()
    time.sleep(0.02)
"""


def test_a_loop_that_ended_without_a_close_is_left_behind(shared_dsn: str) -> None:
    # In a process of its own: what a pool leaves behind in such a loop is not nice to look at.
    subprocess.run([sys.executable, "-c", ABANDONED, shared_dsn], check=True)


def test_two_event_loops_at_once_are_refused(shared_dsn: str) -> None:
    jobs = Jobs(shared_dsn)

    async def first() -> None:
        async with jobs:
            with pytest.raises(SteveError, match="another event loop"):
                await asyncio.to_thread(asyncio.run, jobs.create("t"))
            await jobs.create("t")

    asyncio.run(first())


@pytest.mark.parametrize(
    ("variable", "value"),
    [("STEVE_REQUIRE_DATABASE", "1"), ("KUBERNETES_SERVICE_HOST", "10.0.0.1")],
)
async def test_the_embedded_database_is_refused_where_one_was_forgotten(
    make: Make, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    jobs = make(None)
    for use in (jobs.start, jobs.open):
        with pytest.raises(EmbeddedUnavailable, match="STEVE_DATABASE_URL"):
            await use()


async def test_the_embedded_database_says_that_it_is_for_development(
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("STEVE_HOME", str(tmp_path))
    jobs = make(None, connect_timeout=20)
    with caplog.at_level(logging.INFO, "steve"):
        await jobs.create("t")
        assert "embedded PostgreSQL" in caplog.text
        assert "development" not in caplog.text
        await jobs.start(1)
    assert "development" in caplog.text
    await jobs.close()
    assert os.environ["STEVE_HOME"] == str(tmp_path)
