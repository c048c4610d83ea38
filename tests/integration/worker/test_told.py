"""A worker that is asleep and told of one job takes it by its name, and sleeps on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from integration.worker.test_wakeup import deep_sleep, seconds_to_start
from steve.core.options import prepare
from steve.core.settings import Settings
from steve.operations.create import create_one
from steve.operations.queue import pause
from steve.telemetry.catalogue import AttemptStarted
from support.waiting import eventually_async

if TYPE_CHECKING:
    from typing import Any
    from uuid import UUID

    from steve.core.job import Job
    from support.workers import Bench

SOON = 0.5
ASLEEP = "select until from steve.sleeper where queues <> '{}'"


async def handler(job: Job) -> None: ...


async def tell(bench: Bench, type: str = "t", **options: Any) -> UUID:
    """Create a job, and tell a sleeping worker which it is."""
    job = prepare(type, None, None, options, Settings(db=bench.dsn))
    await bench.run(create_one(job, alone=True))
    return job.uid


async def test_it_starts_at_once_and_the_sleep_goes_on(bench: Bench) -> None:
    station = await bench.worker({"t": handler})
    await deep_sleep(station)
    asleep = await bench.sql(ASLEEP)
    for _ in range(3):
        assert await seconds_to_start(station, await tell(bench)) < SOON
        await asyncio.sleep(0.05)
    assert await bench.sql(ASLEEP) == asleep
    assert len(station.events.of(AttemptStarted)) == 3


async def test_many_at_once(bench: Bench) -> None:
    stations = [await bench.worker({"t": handler}, concurrency=3) for _ in range(2)]
    for station in stations:
        await deep_sleep(station)
    uids = await asyncio.gather(*(tell(bench) for _ in range(50)))

    async def done() -> bool:
        return await bench.sql("select count(*) from steve.job_archive") == [(50,)]

    await eventually_async(done, 4.0)
    started = [event.job.uid for one in stations for event in one.events.of(AttemptStarted)]
    assert sorted(started) == sorted(uids)


async def test_what_it_was_told_of_is_gone_and_there_is_something_else(bench: Bench) -> None:
    station = await bench.worker({"t": handler})
    await deep_sleep(station)
    ((uid,),) = await bench.sql(
        "insert into steve.job (uid, type) values (gen_random_uuid(), 't') returning uid"
    )
    await bench.sql(
        'select pg_notify(channel, \'["\' || gen_random_uuid() || \'","default","t"]\')'
        " from steve.sleeper where queues <> '{}'"
    )
    assert await seconds_to_start(station, uid) < SOON


@pytest.mark.parametrize("told", ['["{uid}","default","other"]', '["{uid}","other","t"]'])
async def test_it_takes_nothing_that_is_not_its_own(bench: Bench, told: str) -> None:
    """As when its handlers have changed since it fell asleep."""
    station = await bench.worker({"t": handler})
    await deep_sleep(station)
    _, queue, type = (word.strip('"') for word in told.strip("[]").split(","))
    ((uid,),) = await bench.sql(
        "insert into steve.job (uid, queue, type) values (gen_random_uuid(), %s, %s) returning uid",
        queue,
        type,
    )
    await bench.sql(
        "select pg_notify(channel, %s) from steve.sleeper where queues <> '{}'",
        told.replace("{uid}", str(uid)),
    )
    await asyncio.sleep(0.3)
    assert (await bench.find(uid)).attempts == 0


async def test_with_its_last_slot_taken_it_leaves_the_list(bench: Bench) -> None:
    release = asyncio.Event()

    async def waits(job: Job) -> None:
        await release.wait()

    station = await bench.worker({"t": waits}, concurrency=1)
    await deep_sleep(station)
    await station.started(await tell(bench))

    async def awake() -> bool:
        return not await bench.sql(ASLEEP)

    await eventually_async(awake)
    last = await tell(bench)
    release.set()
    assert await seconds_to_start(station, last) < SOON


async def test_the_limit_of_a_queue_holds(bench: Bench) -> None:
    running = most = 0

    async def counts(job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.1)
        running -= 1

    station = await bench.worker({"t": counts}, queues={"default": 2})
    await deep_sleep(station)
    for _ in range(6):
        await tell(bench)
        await asyncio.sleep(0.03)
    await station.all_over(6, within=3.0)
    assert most == 2


async def test_a_paused_queue_stays_paused(bench: Bench) -> None:
    station = await bench.worker({"t": handler})
    await deep_sleep(station)
    await bench.run(pause("default"))
    uid = await tell(bench)
    await asyncio.sleep(0.3)
    assert (await bench.find(uid)).attempts == 0
