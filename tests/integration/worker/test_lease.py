"""The worker's lease: kept while it lives, and what happens when it cannot be."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.operations.maintenance import bury, rescue
from steve.operations.worker import alive
from steve.telemetry.catalogue import (
    AttemptStarted,
    ClaimLost,
    LeaseLost,
    LeaseRenewalFailed,
    LoopBlocked,
    StopRequested,
    WorkerStarted,
)
from support.waiting import eventually, eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from steve.core.job import Job
    from support.workers import Bench

LEASE = 1.0


@pytest.fixture
def undertaker(shared_dsn: str) -> Iterator[None]:
    """Somebody else who buries silent workers and rescues their jobs, from a thread."""
    stop = threading.Event()

    def work() -> None:
        with psycopg.connect(shared_dsn, autocommit=True) as connection:
            while not stop.wait(0.05):
                connection.execute(
                    "with dead as (update steve.worker set died_at = steve.now(), death = 'lost' "
                    "where died_at is null and expires_at < steve.now() returning id) "
                    "update steve.job set status = 'pending', worker = null, crashes = crashes + 1 "
                    "where worker in (select id from dead)"
                )

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


async def test_a_blocked_loop_does_not_lose_the_lease(bench: Bench, undertaker: None) -> None:
    async def blocks(job: Job) -> str:
        time.sleep(3 * LEASE)  # noqa: ASYNC251 - this is what the test is about
        return "done"

    station = await bench.worker({"t": blocks}, lease=LEASE)
    job = await station.over(await bench.create())
    assert (job.result, job.attempts, job.crashes) == ("done", 1, 0)
    event = await station.events.wait(LoopBlocked)
    assert event.worker == station.worker.id
    assert event.seconds > 2 * LEASE
    assert len(station.events.of(AttemptStarted)) == 1
    assert not station.events.of(LeaseLost)
    assert await bench.sql("select count(*) from steve.worker where died_at is null") == [(1,)]


async def test_the_renewal_says_how_the_worker_is(bench: Bench) -> None:
    release = asyncio.Event()

    async def waits(job: Job) -> None:
        await release.wait()

    station = await bench.worker({"t": waits}, lease=LEASE)
    await bench.create_many("t", range(3))

    async def told() -> bool:
        (info,) = await bench.run(alive())
        return info.running == 3 and (info.memory or 0) > 10_000_000

    await eventually_async(told)
    (info,) = await bench.run(alive())
    assert info.id == station.worker.id
    assert 0 < info.lease_left <= LEASE
    release.set()
    await station.all_over(3)


async def test_a_worker_declared_dead_comes_back_under_a_new_id(bench: Bench) -> None:
    reasons: list[str | None] = []

    async def handler(job: Job) -> str:
        if job.attempts == 1:
            try:
                await asyncio.Event().wait()
            finally:
                reasons.append(job.signal.reason)
        return f"by {job.worker}"

    station = await bench.worker({"t": handler}, lease=LEASE)
    dead = station.worker.id
    uid = await bench.create()
    await station.started(uid)
    await bench.sql("update steve.worker set expires_at = steve.now() - interval '1 ms'")
    assert await bench.run(bury()) == [dead]
    assert [r.uid for r in await bench.run(rescue([dead], 10))] == [uid]
    await station.events.wait(LeaseLost)
    await station.events.wait(WorkerStarted, count=2)
    assert reasons == ["lost"]
    job = await station.over(uid)
    assert station.worker.id != dead
    assert job.result == f"by {station.worker.id}"
    assert (job.attempts, job.refunded, job.crashes) == (2, 1, 1)
    assert station.worker.alive()
    assert station.worker.ready()
    # The job was taken from it: nothing of the first attempt is written.
    await station.events.wait(ClaimLost)
    assert [a.status for a in await bench.attempts(uid)] == ["lost", "success"]


async def test_a_late_finish_holds_as_long_as_nobody_has_the_job(bench: Bench) -> None:
    """Dead, but not yet rescued: the fence decides, not the lease."""
    release = asyncio.Event()

    async def handler(job: Job) -> str:
        await release.wait()
        return "late"

    station = await bench.worker({"t": handler}, lease=10.0)
    uid = await bench.create()
    await station.started(uid)
    await bench.sql("update steve.worker set died_at = steve.now(), death = 'lost'")
    release.set()
    job = await station.over(uid)
    assert (job.status, job.result, job.attempts) == ("completed", "late", 1)


async def test_a_late_finish_is_refused_when_somebody_else_has_the_job(bench: Bench) -> None:
    release = asyncio.Event()

    async def handler(job: Job) -> str:
        await release.wait()
        return "late"

    def other(job: Job) -> str:
        return "second"

    first = await bench.worker({"t": handler}, lease=10.0)
    uid = await bench.create()
    await first.started(uid)
    dead = first.worker.id
    await bench.sql("update steve.worker set died_at = steve.now(), death = 'lost'")
    await bench.run(rescue([dead], 10))
    second = await bench.worker({"t": other})
    assert (await second.over(uid)).result == "second"
    release.set()
    await first.events.wait(ClaimLost)
    job = await bench.find(uid)
    assert (job.result, job.worker, job.attempts) == ("second", second.worker.id, 2)
    assert first.finished == []


@asynccontextmanager
async def locked_worker_row(bench: Bench) -> AsyncGenerator[None, None]:
    """Hold a lock that makes renewals wait, and claims."""
    async with await psycopg.AsyncConnection.connect(bench.dsn) as connection:
        await connection.execute("select from steve.worker for update")
        yield
        await connection.rollback()


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "claiming"])
async def test_handlers_are_told_before_the_lease_ends(bench: Bench, busy: bool) -> None:
    told: list[tuple[str | None, float]] = []

    async def handler(job: Job) -> str:
        if job.attempts == 1:
            try:
                await asyncio.Event().wait()
            finally:
                told.append((job.signal.reason, monotonic()))
        return "again"

    station = await bench.worker({"t": handler}, lease=2 * LEASE, concurrency=2)
    uid = await bench.create()
    await station.started(uid)
    async with locked_worker_row(bench):
        ((left,),) = await bench.sql(
            "select extract(epoch from expires_at - clock_timestamp())::float8 from steve.worker"
        )
        expires = monotonic() + left
        if busy:
            # The claim waits for the same lock, and so does whatever is behind it.
            await bench.create()
        await station.events.wait(LeaseLost, within=4 * LEASE)
        failed = station.events.of(LeaseRenewalFailed)
        assert failed
        assert failed[0].left < 2 * LEASE
        await eventually_async(lambda: _true(told))
        ((reason, at),) = told
        assert reason == "lost"
        assert at < expires
        assert not station.worker.ready()
    # Nobody has declared it dead: it goes on under the same id.
    assert (await station.over(uid)).result == "again"
    assert len(station.events.of(WorkerStarted)) == 1
    assert (await bench.find(uid)).crashes == 0


async def _true(value: object) -> bool:
    return bool(value)


async def test_a_cut_renewal_is_repeated_at_once(bench: Bench) -> None:
    station = await bench.worker({"t": lambda job: 1}, lease=LEASE)

    async def there() -> bool:
        return bool(await bench.backends("steve worker lease"))

    for _ in range(2):
        await eventually_async(there)
        assert await bench.terminate("steve worker lease") == 1
        await station.events.wait(LeaseRenewalFailed)
    await asyncio.sleep(LEASE)
    assert not station.events.of(LeaseLost)
    assert station.worker.ready()
    assert (await station.over(await bench.create())).result == 1


async def test_an_expired_worker_is_given_no_jobs(bench: Bench) -> None:
    station = await bench.worker({"t": lambda job: 1}, lease=30.0)
    await bench.sql("update steve.worker set expires_at = steve.now() - interval '1 ms'")
    uid = await bench.create()
    await asyncio.sleep(0.3)
    assert (await bench.find(uid)).attempts == 0
    await bench.sql("update steve.worker set expires_at = steve.now() + interval '30 s'")
    await bench.create()
    await station.over(uid)


async def test_a_stop_request_is_told(bench: Bench) -> None:
    station = await bench.worker({"t": lambda job: 1}, lease=LEASE)
    await bench.sql("update steve.worker set stop_requested_at = steve.now()")
    assert (await station.events.wait(StopRequested)).worker == station.worker.id
    assert station.worker.stop_requested.is_set()
    # Some renewals later.
    await asyncio.sleep(0.5 * LEASE)
    assert len(station.events.of(StopRequested)) == 1


async def test_the_lease_ends_with_the_worker(bench: Bench) -> None:
    station = await bench.worker({"t": lambda job: 1}, lease=LEASE)
    await station.stop()
    eventually(lambda: not any("lease" in t.name for t in threading.enumerate()))
    assert await bench.sql("select death, died_at is null from steve.worker") == [
        ("stopped", False)
    ]
    assert not station.worker.alive()
    assert not station.worker.ready()
