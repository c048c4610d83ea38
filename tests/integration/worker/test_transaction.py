"""`job.transaction()`: the handler's writes and the job's completion commit together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from steve.core.control import Snooze
from steve.telemetry.catalogue import ClaimLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from steve.core.job import Job
    from support.workers import Bench, Station

INSERT = "insert into public.effect values (%s, %s)"


async def kinds(bench: Bench, body: Callable[[Job, Any], Any]) -> Station:
    """A worker with `body` in handlers of both colours, inside of their transaction's block.

    `body` gets a callable that executes a statement; what it returns or raises, the handler does.
    """

    async def handler(job: Job) -> Any:
        async with job.transaction() as connection:
            return await asyncio.to_thread(body, job, _blocking(connection))

    def blocking(job: Job) -> Any:
        with job.transaction() as connection:
            return body(job, connection.execute)

    loop = asyncio.get_running_loop()

    def _blocking(connection: psycopg.AsyncConnection[Any]) -> Callable[..., Any]:
        def execute(*arguments: Any) -> Any:
            work = connection.execute(*arguments)
            return asyncio.run_coroutine_threadsafe(work, loop).result(10)

        return execute

    return await bench.worker({"async": handler, "def": blocking})


KINDS = pytest.mark.parametrize("kind", ["async", "def"])


@KINDS
async def test_writes_are_seen_together_with_the_completion(
    bench: Bench, effects: Any, kind: str
) -> None:
    looks: list[tuple[list[str], str]] = []

    def body(job: Job, execute: Any) -> str:
        execute(INSERT, (job.uid, "one"))
        run = asyncio.run_coroutine_threadsafe
        looks.append(
            (run(effects(), loop).result(), run(bench.find(job.uid), loop).result().status)
        )
        return "result"

    loop = asyncio.get_running_loop()
    station = await kinds(bench, body)
    uid = await bench.create(kind)
    job = await station.over(uid)
    assert job.error is None
    assert (job.status, job.result) == ("completed", "result")
    assert looks == [([], "running")]
    assert await effects() == ["one"]
    assert station.finished == [uid]
    assert await bench.sql(
        "select e.xmin = a.xmin from public.effect e, steve.job_archive_completed a"
    ) == [(True,)]


@KINDS
async def test_an_exception_inside_rolls_back(bench: Bench, effects: Any, kind: str) -> None:
    def body(job: Job, execute: Any) -> None:
        execute(INSERT, (job.uid, "one"))
        raise ValueError("inside")

    station = await kinds(bench, body)
    job = await station.over(await bench.create(kind, max_attempts=2, backoff_strategy="none"))
    assert (job.status, job.attempts) == ("failed", 2)
    assert job.error is not None
    assert job.error.message == "inside"
    assert await effects() == []


@KINDS
async def test_an_error_of_a_statement_rolls_back(bench: Bench, effects: Any, kind: str) -> None:
    def body(job: Job, execute: Any) -> None:
        execute(INSERT, (job.uid, "one"))
        execute("select 1/0")

    station = await kinds(bench, body)
    job = await station.over(await bench.create(kind, max_attempts=1))
    assert job.error is not None
    assert "DivisionByZero" in job.error.type
    assert await effects() == []


async def after(job: Job, error: BaseException) -> None:
    async with job.transaction() as connection:
        await connection.execute(INSERT, (job.uid, "one"))
    raise error


async def test_an_exception_after_the_block_rolls_back(bench: Bench, effects: Any) -> None:
    async def handler(job: Job) -> None:
        await after(job, ValueError("after"))

    def blocking(job: Job) -> None:
        with job.transaction() as connection:
            connection.execute(INSERT, (job.uid, "one"))
        raise ValueError("after")

    station = await bench.worker({"a": handler, "b": blocking})
    for type in "ab":
        job = await station.over(await bench.create(type, max_attempts=1))
        assert job.error is not None
        assert job.error.message == "after"
    assert await effects() == []


async def test_a_snooze_and_a_timeout_roll_back(bench: Bench, effects: Any) -> None:
    async def handler(job: Job) -> None:
        if job.payload == "snooze":
            await after(job, Snooze(60))
        async with job.transaction() as connection:
            await connection.execute(INSERT, (job.uid, "two"))
            await connection.execute("select pg_sleep(10)")

    station = await bench.worker({"t": handler}, transaction_connections=1)
    snoozed = await bench.create("t", "snooze")
    assert (await station.ended(snoozed)).status == "pending"
    for _ in range(2):
        job = await station.over(await bench.create(timeout=0.2, max_attempts=1), within=3)
        assert job.error is not None
        assert job.error.message == "Execution timed out"
    assert await effects() == []


async def test_a_lost_fence_rolls_back(bench: Bench, effects: Any) -> None:
    async def handler(job: Job) -> None:
        async with job.transaction() as connection:
            await connection.execute(INSERT, (job.uid, "one"))
        await bench.sql("update steve.job set attempt_id = nextval('steve.attempt_id')")

    station = await bench.worker({"t": handler})
    uid = await bench.create()
    assert (await station.events.wait(ClaimLost)).job.uid == uid
    assert await effects() == []
    assert (await bench.find(uid)).status == "running"


@KINDS
async def test_a_request_to_cancel_rolls_back(bench: Bench, effects: Any, kind: str) -> None:
    def body(job: Job, execute: Any) -> str:
        execute(INSERT, (job.uid, "one"))
        asyncio.run_coroutine_threadsafe(bench.cancel(job.uid), loop).result()
        return "too late"

    loop = asyncio.get_running_loop()
    station = await kinds(bench, body)
    job = await station.over(await bench.create(kind))
    assert (job.status, job.result) == ("cancelled", None)
    assert await effects() == []


async def test_callbacks_hear_of_the_completion_after_its_commit(
    bench: Bench, effects: Any
) -> None:
    heard: list[list[str]] = []

    async def look(job: Job) -> None:
        heard.append(await effects())

    station = await kinds(bench, lambda job, execute: execute(INSERT, (job.uid, "one")) and None)
    station.callbacks.on("success", "*", look)
    await station.over(await bench.create("async"))
    await station.callbacks.drain()
    assert heard == [["one"]]
