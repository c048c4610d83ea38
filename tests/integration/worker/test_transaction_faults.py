"""`job.transaction()` when connections break, run out, or the commit is refused."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from steve.worker import worker
from support.lossy import LossyProxy
from support.waiting import eventually_async

if TYPE_CHECKING:
    from steve.core.job import Job
    from support.workers import Bench

INSERT = "insert into public.effect values (%s)"
NAME = "steve worker transaction"


@pytest.fixture
async def effects(own_bench: Bench) -> Any:
    """A table of the application, and a look at how many rows are in it."""
    await own_bench.sql(
        "create table public.effect (uid uuid unique deferrable initially deferred)"
    )

    async def look() -> int:
        return (await own_bench.sql("select count(*) from public.effect"))[0][0]

    return look


async def writes(job: Job) -> str:
    async with job.transaction() as connection:
        await connection.execute(INSERT, (job.uid,))
    return "done"


def writes_blocking(job: Job) -> str:
    with job.transaction() as connection:
        connection.execute(INSERT, (job.uid,))
    return "done"


KINDS = pytest.mark.parametrize("handler", [writes, writes_blocking], ids=["async", "def"])


async def test_a_backend_killed_inside_the_block_fails_the_attempt(
    own_bench: Bench, effects: Any
) -> None:
    async def handler(job: Job) -> str:
        async with job.transaction() as connection:
            await connection.execute(INSERT, (job.uid,))
            if job.attempts == 1:
                assert await own_bench.terminate(NAME) == 1
            await connection.execute("select 1")
        return "done"

    def blocking(job: Job) -> str:
        with job.transaction() as connection:
            connection.execute(INSERT, (job.uid,))
            if job.attempts == 1:
                asyncio.run_coroutine_threadsafe(own_bench.terminate(NAME), loop).result()
            connection.execute("select 1")
        return "done"

    loop = asyncio.get_running_loop()
    station = await own_bench.worker({"a": handler, "b": blocking}, transaction_connections=1)
    for count, type in enumerate("ab", 1):
        uid = await own_bench.create(type, backoff_strategy="none")
        job = await station.over(uid)
        assert (job.result, job.attempts) == ("done", 2)
        first, _ = await own_bench.attempts(uid)
        assert first.error_details is not None
        assert first.error_details["type"] in {"AdminShutdown", "OperationalError"}
        assert await effects() == count


@pytest.mark.parametrize("blocking", [False, True], ids=["async", "def"])
async def test_a_backend_killed_between_the_handler_and_the_commit_fails_the_attempt(
    own_bench: Bench, effects: Any, blocking: bool
) -> None:
    async def handler(job: Job) -> str:
        await writes(job)
        if job.attempts == 1:
            await own_bench.terminate(NAME)
        return "done"

    def handler_blocking(job: Job) -> str:
        writes_blocking(job)
        if job.attempts == 1:
            asyncio.run_coroutine_threadsafe(own_bench.terminate(NAME), loop).result()
        return "done"

    loop = asyncio.get_running_loop()
    station = await own_bench.worker(
        {"t": handler_blocking if blocking else handler}, transaction_connections=1
    )
    uid = await own_bench.create(backoff_strategy="none")
    job = await station.over(uid)
    assert (job.result, job.attempts) == ("done", 2)
    assert [a.status for a in await own_bench.attempts(uid)] == ["error", "success"]
    assert await effects() == 1


@KINDS
async def test_a_lost_reply_to_the_commit_is_settled(
    own_bench: Bench, effects: Any, handler: Any
) -> None:
    """The commit took place: the job is completed, once, and its effect is there once."""
    async with LossyProxy(own_bench.dsn).running() as proxy:
        station = await own_bench.worker({"t": handler}, dsn=proxy.dsn, transaction_connections=1)
        lost = proxy.lose(NAME, b"COMMIT")
        heard: list[Job] = []
        station.callbacks.on("attempt", "*", heard.append)
        uid = await own_bench.create()
        job = await station.over(uid)
        assert lost.is_set()
        assert (job.status, job.result, job.attempts) == ("completed", "done", 1)
        assert await effects() == 1
        assert station.finished == [uid]
        # Nobody is told of an error that was none.
        assert [(job.status, job.error) for job in heard] == [
            ("running", None),
            ("completed", None),
        ]
        # The place of the lost connection is free again.
        assert (await station.over(await own_bench.create())).status == "completed"
        await station.stop()


@KINDS
async def test_a_reply_lost_before_the_commit_fails_the_attempt(
    own_bench: Bench, effects: Any, handler: Any
) -> None:
    async with LossyProxy(own_bench.dsn).running() as proxy:
        station = await own_bench.worker({"t": handler}, dsn=proxy.dsn)
        lost = proxy.lose(NAME, b"job_archive")
        uid = await own_bench.create(backoff_strategy="none")
        job = await station.over(uid)
        assert lost.is_set()
        assert (job.result, job.attempts) == ("done", 2)
        assert await effects() == 1
        await station.stop()


@KINDS
async def test_a_commit_that_is_refused_fails_the_attempt(
    own_bench: Bench, effects: Any, handler: Any
) -> None:
    uid = await own_bench.create(backoff_strategy="none", max_attempts=2)
    await own_bench.sql("insert into public.effect values (%s)", uid)
    station = await own_bench.worker({"t": handler})
    job = await station.over(uid)
    assert (job.status, job.attempts) == ("failed", 2)
    assert job.error is not None
    assert job.error.type == "UniqueViolation"
    assert await effects() == 1


async def test_a_result_that_the_database_refuses_does_not_commit(
    own_bench: Bench, effects: Any
) -> None:
    await own_bench.sql("alter table steve.job_archive_completed add check (result <> '\"bad\"')")

    async def handler(job: Job) -> str:
        await writes(job)
        return "bad"

    station = await own_bench.worker({"t": handler})
    job = await station.over(await own_bench.create(max_attempts=1))
    assert job.status == "failed"
    assert await effects() == 0


async def test_no_more_connections_than_allowed(own_bench: Bench, effects: Any) -> None:
    inside = most = 0

    async def handler(job: Job) -> None:
        nonlocal inside, most
        async with job.transaction() as connection:
            inside += 1
            most = max(most, inside)
            await connection.execute("select pg_sleep(0.02)")
            inside -= 1

    def blocking(job: Job) -> None:
        with job.transaction() as connection:
            connection.execute("select pg_sleep(0.02)")

    station = await own_bench.worker(
        {"a": handler, "b": blocking}, concurrency=20, transaction_connections=3
    )
    await own_bench.create_many("a", range(20))
    await own_bench.create_many("b", range(10))
    seen: list[int] = []

    async def done() -> bool:
        seen.append(len(await own_bench.backends(NAME)))
        return len(station.finished) == 30

    await eventually_async(done)
    assert await own_bench.sql("select distinct status from steve.jobs") == [("completed",)]
    assert most == 3
    # Both colours have a pool; an idle connection of one may be there beside those of the other.
    assert max(seen) <= 6
    assert len(await own_bench.backends("steve worker claims")) == 1


async def test_waiting_for_a_connection_can_be_cancelled(own_bench: Bench) -> None:
    release = asyncio.Event()

    async def handler(job: Job) -> None:
        async with job.transaction():
            await release.wait()

    station = await own_bench.worker({"t": handler}, transaction_connections=1)
    first = await own_bench.create()
    await station.started(first)
    waiting = await own_bench.create(timeout=0.2, max_attempts=1)
    assert (await station.over(waiting, within=2)).status == "failed"
    release.set()
    assert (await station.over(first)).status == "completed"
    assert (await station.over(await own_bench.create())).status == "completed"


async def test_it_has_the_search_path_of_the_database(own_bench: Bench) -> None:
    ((name,),) = await own_bench.sql("select current_database()")
    await own_bench.sql("create schema app")
    await own_bench.sql("create table app.thing (n int)")
    await own_bench.sql(f'alter database "{name}" set search_path = app')

    async def handler(job: Job) -> None:
        async with job.transaction() as connection:
            assert isinstance(connection, psycopg.AsyncConnection)
            await connection.execute("insert into thing values (1)")

    def blocking(job: Job) -> None:
        with job.transaction() as connection:
            assert isinstance(connection, psycopg.Connection)
            connection.execute("insert into thing values (2)")

    station = await own_bench.worker({"a": handler, "b": blocking})
    for type in "ab":
        job = await station.over(await own_bench.create(type, max_attempts=1))
        assert job.error is None
    assert await own_bench.sql("select n from app.thing order by n") == [(1,), (2,)]


async def test_stopping_interrupts_a_transaction(own_bench: Bench, effects: Any) -> None:
    async def handler(job: Job) -> None:
        async with job.transaction() as connection:
            await connection.execute(INSERT, (job.uid,))
            await connection.execute("select pg_sleep(10)")

    station = await own_bench.worker({"t": handler})
    uid = await own_bench.create()
    await station.started(uid)
    await station.stop(0.2)
    assert (await own_bench.find(uid)).status == "pending"
    assert await effects() == 0


async def test_a_transaction_that_outlives_its_worker_is_rolled_back(
    own_bench: Bench, effects: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fixture sees to it that its connection is closed in the end."""
    monkeypatch.setattr(worker, "PATIENCE", 0.5)
    release = threading.Event()

    def stuck(job: Job) -> str:
        with job.transaction() as connection:
            connection.execute(INSERT, (job.uid,))
            release.wait(10)
        return "late"

    station = await own_bench.worker({"t": stuck})
    uid = await own_bench.create()

    async def inside() -> bool:
        return bool(await own_bench.backends(NAME))

    await eventually_async(inside)
    await station.stop(0.0)
    assert (await own_bench.find(uid)).status == "pending"
    release.set()

    async def closed() -> bool:
        return not await inside()

    await eventually_async(closed)
    assert (await own_bench.find(uid)).status == "pending"
    assert await effects() == 0
