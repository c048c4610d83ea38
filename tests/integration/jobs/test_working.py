"""Starting and stopping, in every order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from time import monotonic
from typing import Any, TypeVar

import pytest

from integration.jobs.conftest import Connection, Make
from steve import Job, Jobs, OptionError, OptionTypeError, SteveError
from support.waiting import eventually_async

T = TypeVar("T")


class Gate:
    """A handler that can be held."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.open = asyncio.Event()
        self.cancelled = 0

    async def __call__(self, job: Job) -> str:
        self.started.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return "done"


async def soon(awaitable: Awaitable[T], seconds: float = 10.0) -> T:
    async with asyncio.timeout(seconds):
        return await awaitable


async def test_start_and_stop_and_start(make: Make) -> None:
    jobs = make(handlers={"t": lambda job: "ran"})
    assert not jobs.ready()
    for _ in range(3):
        await jobs.start(2)
        assert jobs.ready()
        assert jobs.alive()
        assert await jobs.result(await jobs.create("t"), 10) == "ran"
        await jobs.stop()
        assert not jobs.ready()
        assert jobs.alive()
        # The manager is open still.
        await jobs.create("u")


async def test_starting_twice_warns_and_does_nothing_else(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = make()
    with caplog.at_level(logging.WARNING, "steve"):
        await jobs.start(2)
        assert not caplog.records
        await jobs.start(5)
    assert "no effect" in caplog.text
    (worker,) = (await jobs.health()).workers
    assert worker.concurrency == 2


async def test_starting_at_the_same_time_starts_once(make: Make) -> None:
    jobs = make()
    await asyncio.gather(*(jobs.start(1) for _ in range(5)))
    assert len((await jobs.health()).workers) == 1


async def test_stopping_what_does_not_run(jobs: Jobs) -> None:
    await jobs.stop()
    await jobs.open()
    await jobs.stop()


async def test_starting_during_a_stop_is_an_error(make: Make) -> None:
    gate = Gate()
    jobs = make(handlers={"t": gate})
    await jobs.start(1)
    job = await jobs.create("t")
    await soon(gate.started.wait())
    stopping = asyncio.create_task(jobs.stop())
    await asyncio.sleep(0)
    with pytest.raises(SteveError, match="a stop is under way"):
        await jobs.start(1)
    gate.open.set()
    await soon(stopping)
    await jobs.start(1)
    assert (await jobs.wait(job, 10)).result == "done"


async def test_all_who_stop_wait_for_the_same_end(make: Make) -> None:
    gate = Gate()
    jobs = make(handlers={"t": gate})
    await jobs.start(1)
    await jobs.create("t")
    await soon(gate.started.wait())
    stops = [asyncio.create_task(jobs.stop()) for _ in range(3)]
    stops[0].cancel()
    done, _ = await asyncio.wait(stops[1:], timeout=0.2)
    assert not done
    gate.open.set()
    await soon(asyncio.gather(*stops[1:]))
    assert gate.cancelled == 0


async def test_a_stop_waits_for_a_start_under_way(make: Make) -> None:
    jobs = make()
    starting = asyncio.create_task(jobs.start(1))
    await asyncio.sleep(0)
    await soon(jobs.stop())
    await starting
    assert not jobs.ready()
    assert (await jobs.health()).workers == []


async def test_a_stop_lets_handlers_finish(make: Make) -> None:
    gate = Gate()
    jobs = make(handlers={"t": gate})
    await jobs.start(1)
    job = await jobs.create("t")
    await soon(gate.started.wait())
    stopping = asyncio.create_task(jobs.stop())
    await asyncio.sleep(0.1)
    gate.open.set()
    await soon(stopping)
    found = (await jobs.find(job)).job
    assert found is not None
    assert (found.status, found.result) == ("completed", "done")


async def test_handlers_are_cancelled_after_the_grace_and_their_jobs_come_back(
    make: Make,
) -> None:
    gate = Gate()
    jobs = make(handlers={"t": gate}, grace=0.2)
    await jobs.start(1)
    job = await jobs.create("t", max_attempts=1)
    await soon(gate.started.wait())
    began = monotonic()
    await soon(jobs.stop())
    assert 0.2 <= monotonic() - began < 4
    assert gate.cancelled == 1
    found = (await jobs.find(job)).job
    assert found is not None
    assert (found.status, found.attempts, found.refunded) == ("pending", 1, 1)
    gate.open.set()
    await jobs.start(1)
    assert await jobs.result(job, 10) == "done"


async def test_closing_stops(make: Make, connection: Connection) -> None:
    async with make(handlers={"t": lambda job: "ran"}) as jobs:
        await jobs.start(1)
        job = await jobs.create("t")
        assert await jobs.result(job, 10) == "ran"
    cursor = await connection.execute("select count(*) from steve.worker where died_at is null")
    assert await cursor.fetchone() == (0,)


async def test_run_works_until_somebody_stops_it(make: Make) -> None:
    jobs = make(handlers={"t": lambda job: "ran"})
    working = asyncio.create_task(jobs.run(2))
    assert await jobs.result(await jobs.create("t"), 10) == "ran"
    assert not working.done()
    await soon(jobs.stop())
    await soon(working)
    # It had opened the manager, so it closed it.
    assert vars(jobs)["_runtime"] is None


async def test_run_within_an_open_manager_leaves_it_open(make: Make) -> None:
    async with make() as jobs:
        working = asyncio.create_task(jobs.run(1))
        await eventually_async(_truth(jobs.ready))
        await soon(jobs.stop())
        await soon(working)
        assert vars(jobs)["_runtime"] is not None


async def test_run_that_is_cancelled_stops_gracefully(make: Make) -> None:
    gate = Gate()
    jobs = make(handlers={"t": gate})
    working = asyncio.create_task(jobs.run(1))
    job = await jobs.create("t")
    await soon(gate.started.wait())
    working.cancel()
    await asyncio.sleep(0.1)
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await soon(working)
    found = (await jobs.find(job)).job
    assert found is not None
    assert found.status == "completed"


async def test_a_request_through_the_database_ends_the_work(
    make: Make, connection: Connection
) -> None:
    jobs = make(lease=1)
    working = asyncio.create_task(jobs.run(1))
    await eventually_async(_truth(jobs.ready))
    await connection.execute("update steve.worker set stop_requested_at = now()")
    await soon(working)


@pytest.mark.parametrize(
    ("concurrency", "error"),
    [(0, OptionError), (10_001, OptionError), ("2", OptionTypeError), (True, OptionTypeError)],
)
async def test_bad_concurrency(jobs: Jobs, concurrency: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="concurrency"):
        await jobs.start(concurrency)
    with pytest.raises(error, match="concurrency"):
        await jobs.run(concurrency)


async def test_so_many_handlers_at_once_and_no_more(make: Make) -> None:
    now = most = 0

    async def handle(job: Job) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1

    jobs = make(handlers={"t": handle})
    await jobs.start(3)
    uids = await jobs.create_many([("t", n) for n in range(20)])
    for uid in uids:
        await jobs.wait(uid, 10)
    assert most == 3


async def test_a_woken_worker_starts_a_job_at_once(make: Make) -> None:
    """With a long poll interval: the wake-up, not the poll, brings the job."""
    jobs = make(handlers={"t": lambda job: None}, poll_interval=30)
    await jobs.start(1)
    await jobs.wait(await jobs.create("t"), 10)
    await asyncio.sleep(0.7)
    began = monotonic()
    await jobs.wait(await jobs.create("t"), 10)
    assert monotonic() - began < 1
    await asyncio.sleep(0.7)
    began = monotonic()
    (uid,) = await make().create_many([("t", 1)])
    await jobs.wait(uid, 10)
    assert monotonic() - began < 1


async def test_cleanup_takes_jobs_of_the_dead_without_a_worker(
    make: Make, jobs: Jobs, connection: Connection
) -> None:
    gate = Gate()
    worker = make(handlers={"t": gate})
    await worker.start(1)
    job = await jobs.create("t")
    await soon(gate.started.wait())
    assert await jobs.cleanup() == 0
    # Held by somebody who is dead: as if the worker's process had been killed.
    await connection.execute(
        "insert into steve.worker (name, host, pid, version, channel, queues, concurrency, lease,"
        " expires_at) values ('x', 'x', 1, '0', 'x', '{}', 1, 1, now() - interval '1 minute')"
    )
    await connection.execute("update steve.job set worker = (select max(id) from steve.worker)")
    assert await jobs.cleanup() == 1
    found = (await jobs.find(job)).job
    assert found is not None
    assert found.crashes == 1


async def test_everything_goes_through_a_pool_of_the_caller(make: Make, shared_dsn: str) -> None:
    import psycopg_pool

    async with psycopg_pool.AsyncConnectionPool(shared_dsn, min_size=1, open=False) as pool:
        jobs = make(pool, handlers={"t": lambda job: "ran"})
        await jobs.start(1)
        assert await jobs.result(await jobs.create("t"), 10) == "ran"
        uids = await jobs.create_many([("t", n) for n in range(20)])
        assert await jobs.result(uids[-1], 10) == "ran"
        await jobs.close()


def _truth(look: Any) -> Any:
    async def asked() -> bool:
        return look()

    return asked
