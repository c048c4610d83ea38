"""What a worker whose claims begin where the last one ended finds all the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg

from steve.telemetry.catalogue import AttemptStarted

if TYPE_CHECKING:
    from steve.core.job import Job
    from support.workers import Bench, Station

TOTAL = 400


async def handler(job: Job) -> None:
    """Slow enough that the jobs last for two seconds, and are claimed one by one."""
    await asyncio.sleep(0.01)


async def started_in_time(station: Station, type: str) -> None:
    """Check that the job of `type` did not have to wait until there was nothing else."""
    await station.all_over(TOTAL + 1)
    order = [event.job.type for event in station.events.of(AttemptStarted)]
    assert len(order) == TOTAL + 1
    assert order.index(type) < TOTAL * 2 // 3


async def test_a_job_that_was_committed_late(bench: Bench) -> None:
    async with await psycopg.AsyncConnection.connect(bench.dsn) as late:
        await late.execute("insert into steve.job (uid, type) values (gen_random_uuid(), 'late')")
        await bench.create_many("t", range(TOTAL))
        station = await bench.worker({"t": handler, "late": handler}, concurrency=2)
        await station.all_over(50)
        await late.commit()
    await started_in_time(station, "late")


async def test_a_job_of_a_type_that_has_become_known(bench: Bench) -> None:
    await bench.create("new")
    await bench.create_many("t", range(TOTAL))
    station = await bench.worker({"t": handler}, concurrency=2)
    await station.all_over(50)
    station.registry.register("new", handler)
    await started_in_time(station, "new")


async def test_a_job_of_a_higher_priority(bench: Bench) -> None:
    await bench.create_many("t", range(TOTAL))
    station = await bench.worker({"t": handler, "urgent": handler}, concurrency=2)
    await station.all_over(50)
    await bench.create("urgent", priority=5)
    before = len(station.events.of(AttemptStarted))
    await station.all_over(TOTAL + 1)
    order = [event.job.type for event in station.events.of(AttemptStarted)]
    assert order.index("urgent") < before + 20


async def test_nothing_is_left_when_nothing_more_comes(bench: Bench) -> None:
    """The last claims find nothing behind their marks, and look from the beginning."""
    async with await psycopg.AsyncConnection.connect(bench.dsn) as late:
        await late.execute("insert into steve.job (uid, type) values (gen_random_uuid(), 't')")
        await bench.create_many("t", range(20))
        station = await bench.worker({"t": handler}, concurrency=20)
        await station.all_over(20)
        await late.commit()
        await station.all_over(21, within=2.0)
