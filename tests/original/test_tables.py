"""The tables: what a fresh job looks like in them, and an attempt; making and dropping them."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import psycopg
import pytest

from original.asking import attempts_of, finished, rows, value
from original.conftest import Connection, Make
from original.handlers import Held, fail
from steve import Job, JobRunning, Jobs, WorkersAlive

FRESH = (
    "select status, attempts, max_attempts, backoff_strategy, payload, result, started_at,"
    " completed_at, created_at = updated_at, run_at = created_at from steve.jobs"
)
ATTEMPTS = "select count(*) from steve.attempt"


async def test_a_fresh_row(jobs: Jobs, connection: Connection) -> None:
    """The original's is pending, without starts or ends, result {}; here the result is NULL."""
    await jobs.create("t")
    (row,) = await rows(connection, FRESH)
    assert row == ("pending", 0, 3, "exp", {}, None, None, None, True, True)


async def test_a_column_for_each_field(jobs: Jobs, connection: Connection) -> None:
    """The original's row is its job; here the view steve.jobs has each field under its name."""
    cursor = await connection.execute("select * from steve.jobs")
    columns = {column.name for column in cursor.description or ()}
    assert set(Job.__struct_fields__) - {"created"} <= columns


async def test_an_attempt_that_runs(make: Make, connection: Connection) -> None:
    """The original writes a row without a status at the start; here `find` shows "running"."""
    held = Held()
    jobs = make(handlers={"t": held})
    await jobs.start(1)
    job = await jobs.create("t")
    await held.started.wait()
    (attempt,) = await attempts_of(jobs, job)
    assert (attempt.attempt_number, attempt.status, attempt.completed_at) == (1, "running", None)
    assert attempt.job_id == job.id
    assert await value(connection, ATTEMPTS) == 0
    held.go.set()


async def test_attempts_go_with_their_job(make: Make, connection: Connection) -> None:
    """The original's attempts are deleted with the job's row; here `delete` takes both."""
    jobs = make(handlers={"f": fail})
    await jobs.start(1)
    job = await finished(jobs, "f", max_attempts=2, backoff_strategy="none")
    assert await value(connection, ATTEMPTS) == 2
    assert await jobs.delete(job) == [job.uid]
    assert await value(connection, ATTEMPTS) == 0
    assert (await jobs.find(job)).job is None


async def test_a_running_job_is_not_deleted(make: Make) -> None:
    """The original's row can be deleted under its handler; here that is refused."""
    held = Held()
    jobs = make(handlers={"t": held})
    await jobs.start(1)
    job = await jobs.create("t")
    await held.started.wait()
    with pytest.raises(JobRunning):
        await jobs.delete(job)
    held.go.set()


async def test_the_tables_are_made_once(dsn: str, make: Make) -> None:
    """The original creates what does not exist; here migrations are numbered, and done once."""
    jobs = make(dsn)
    await jobs.create("t")
    for _ in range(2):
        await jobs.migrate()
    await make(dsn).create("t")
    assert len(await jobs.fetch_all()) == 2
    async with await psycopg.AsyncConnection.connect(dsn) as own:
        versions = await rows(own, "select version from steve.migration order by version")
    assert versions == [(n + 1,) for n in range(len(versions))]


async def test_a_reset(dsn: str, make: Make) -> None:
    """The original drops and creates its tables, if that is the first call; here at any time."""
    jobs = make(dsn)
    await jobs.reset()
    job = await jobs.create("t")
    await jobs.reset()
    assert (await jobs.find(job)).job is None


async def test_uninstalling(dsn: str, make: Make) -> None:
    """The original drops its tables; here the schema goes with all that is in it."""
    jobs = make(dsn)
    await jobs.create("t")
    await jobs.uninstall()
    async with await psycopg.AsyncConnection.connect(dsn) as own:
        query = "select count(*) from pg_namespace where nspname = 'steve'"
        assert await value(own, query) == 0


async def test_live_workers_are_in_the_way(dsn: str, make: Make) -> None:
    """The original drops tables under its workers; here that is refused unless forced."""
    jobs = make(dsn)
    await jobs.start(1)
    for refused in (jobs.reset, jobs.uninstall):
        with pytest.raises(WorkersAlive):
            await refused()
    await jobs.stop()
    await jobs.uninstall()


async def test_the_statements_can_be_had_as_text(dsn: str, make: Make) -> None:
    """The original's __schema() is SQL for one's own migrations; here `steve migrate --sql` is."""
    command = [sys.executable, "-m", "steve", "migrate", "--sql", "--db", dsn]
    run = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, check=True, timeout=30
    )
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as own:
        await own.execute(run.stdout)
    await make(dsn, migrate="check").create("t")
