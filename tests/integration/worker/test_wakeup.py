"""When a worker that has nothing to do looks for work again. Its poll interval is 5 s here."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

import psycopg

from steve.core.control import Retry
from steve.telemetry.catalogue import AttemptStarted, ListenUnavailable
from support.waiting import eventually_async

if TYPE_CHECKING:
    from uuid import UUID

    from steve.core.job import Job
    from support.workers import Bench, Station


async def handler(job: Job) -> None: ...


async def deep_sleep(station: Station) -> None:
    """Wait until a worker is on the list of sleepers, listens, and will not look again soon."""
    bench = station.bench

    async def asleep() -> bool:
        rows = await bench.sql(
            "select 1 from steve.sleeper "
            "where queues <> '{}' and until > clock_timestamp() + interval '5 s'"
        )
        return bool(rows) and station.listener.working

    await eventually_async(asleep, what="sleep")
    # The looks of a fresh sleeper are over by then.
    await asyncio.sleep(0.4)


async def seconds_to_start(station: Station, uid: UUID, *, within: float = 10.0) -> float:
    at = monotonic()
    await station.started(uid, within=within)
    return monotonic() - at


async def test_a_creator_wakes_a_sleeper(bench: Bench) -> None:
    station = await bench.worker({"t": handler})
    await deep_sleep(station)
    assert await seconds_to_start(station, await bench.create()) < 0.5
    ((uid,),) = await bench.sql("select steve.create_job('t')")
    assert await seconds_to_start(station, uid) < 0.5


async def test_a_job_starts_when_it_is_due(bench: Bench) -> None:
    early = await bench.create(delay=1.0)
    station = await bench.worker({"t": handler})
    at = monotonic()
    late = await bench.create(run_at=datetime.now(UTC) + timedelta(seconds=1.6))
    await station.started(early)
    assert 0.5 < monotonic() - at < 1.4
    await station.started(late)
    assert 1.3 < monotonic() - at < 2.2
    for uid in (early, late):
        job = await station.over(uid)
        assert job.started_at is not None
        assert timedelta(0) <= job.started_at - job.scheduled_at < timedelta(seconds=0.3)


async def test_a_sleeper_learns_of_an_earlier_job(bench: Bench) -> None:
    await bench.create(delay=4)
    station = await bench.worker({"t": handler})
    await deep_sleep(station)
    at = monotonic()
    await station.started(await bench.create(delay=0.6))
    assert 0.5 < monotonic() - at < 1.1


async def test_a_job_committed_after_the_worker_fell_asleep_is_seen(bench: Bench) -> None:
    async with await psycopg.AsyncConnection.connect(bench.dsn) as connection:
        cursor = await connection.execute("select steve.create_job('t')")
        row = await cursor.fetchone()
        assert row is not None
        station = await bench.worker({"t": handler})

        async def asleep() -> bool:
            return bool(await bench.sql("select 1 from steve.sleeper"))

        await eventually_async(asleep, what="sleep")
        await connection.commit()
    assert await seconds_to_start(station, row[0]) < 1.0


async def test_without_notifications_it_polls(bench: Bench) -> None:
    station = await bench.worker({"t": handler}, listen=False, poll_interval=0.4)
    await station.events.wait(ListenUnavailable)
    await asyncio.sleep(0.6)
    assert await seconds_to_start(station, await bench.create()) < 0.4 * 1.25 + 0.3
    assert await seconds_to_start(station, await bench.create()) < 0.4 * 1.25 + 0.3


async def test_a_listener_that_was_cut_comes_back(bench: Bench) -> None:
    station = await bench.worker({"t": handler})
    await deep_sleep(station)
    assert await bench.terminate("steve listener") == 1

    async def back() -> bool:
        return bool(await bench.backends("steve listener")) and station.listener.working

    await eventually_async(back, what="listener")
    await deep_sleep(station)
    assert await seconds_to_start(station, await bench.create()) < 0.5


async def test_a_retry_starts_when_it_is_due_however_long_the_attempt_took(bench: Bench) -> None:
    async def slow(job: Job) -> None:
        if job.attempts == 1:
            # Meanwhile the worker has gone to sleep for its whole poll interval.
            await asyncio.sleep(0.7)
            raise Retry(0.3)

    station = await bench.worker({"t": slow})
    uid = await bench.create()
    await station.ended(uid)
    at = monotonic()
    await station.started(uid, count=2)
    assert 0.2 < monotonic() - at < 0.8


async def test_jobs_given_back_wake_another_worker(bench: Bench) -> None:
    async def endless(job: Job) -> None:
        if job.worker == first.worker.id:
            await asyncio.Event().wait()

    first = await bench.worker({"t": endless})
    uid = await bench.create()
    await first.started(uid)
    second = await bench.worker({"t": endless})
    await deep_sleep(second)
    await first.stop(0.0)
    assert await seconds_to_start(second, uid) < 0.5
    job = await second.over(uid)
    assert (job.status, job.attempts, job.refunded) == ("completed", 2, 1)


async def test_one_job_wakes_one_worker(bench: Bench) -> None:
    stations = [await bench.worker({"t": handler}) for _ in range(3)]
    for station in stations:
        await deep_sleep(station)
    for _ in range(5):
        await bench.create()
    await eventually_async(lambda: done(bench, 5))
    starts = [len(station.events.of(AttemptStarted)) for station in stations]
    assert sum(starts) == 5


async def done(bench: Bench, count: int) -> bool:
    return await bench.sql("select count(*) from steve.job_archive") == [(count,)]


async def test_a_worker_with_no_free_slot_is_not_on_the_list(bench: Bench) -> None:
    release = asyncio.Event()

    async def waits(job: Job) -> None:
        await release.wait()

    station = await bench.worker({"t": waits}, concurrency=2)
    await deep_sleep(station)
    uids = await bench.create_many("t", range(2))
    for uid in uids:
        await station.started(uid)

    async def awake() -> bool:
        return not await bench.sql("select 1 from steve.sleeper where queues <> '{}'")

    await eventually_async(awake)
    last = await bench.create()
    release.set()
    assert await seconds_to_start(station, last) < 0.5


async def test_it_leaves_the_list_when_it_stops(bench: Bench) -> None:
    station = await bench.worker({"t": handler})
    await deep_sleep(station)
    await station.stop()
    assert await bench.sql("select 1 from steve.sleeper") == []
