"""Claiming ahead: many fast jobs at once, no slow job before there is a slot for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.telemetry.catalogue import AttemptStarted, JobsClaimed
from steve.worker import fetcher
from support.waiting import eventually_async

if TYPE_CHECKING:
    from steve.core.job import Job
    from support.workers import Bench


async def test_fast_jobs_are_claimed_in_batches(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that does not get to run this for half a second has no slow slots.
    monkeypatch.setattr(fetcher, "HOARDING", 30.0)

    async def handler(job: Job) -> None: ...

    await bench.create_many("t", range(2000))
    station = await bench.worker({"t": handler}, concurrency=10)
    await station.all_over(2000)
    claims = station.events.of(JobsClaimed)
    assert sum(claim.count for claim in claims) == 2000
    assert len(claims) < 100
    assert max(claim.count for claim in claims) > 50
    # Nothing was claimed in vain.
    assert await bench.sql("select max(attempts), max(refunded) from steve.jobs") == [(1, 0)]


async def test_claiming_goes_on_as_soon_as_outcomes_are_written(
    own_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It pauses when many wait to be written. Nothing rings then for a slot: all of them are free.
    monkeypatch.setattr(fetcher, "HOARDING", 60.0)
    monkeypatch.setattr(fetcher, "MOST_UNWRITTEN", 50)
    waiting = "select exists (select from pg_locks where not granted)"

    async def handler(job: Job) -> None: ...

    async def is_held_up() -> bool:
        return (await own_bench.sql(waiting))[0][0] and (
            station.worker._finisher.backlog > 50 and station.worker._executor.running == 0
        )

    await own_bench.create_many("t", range(2000))
    async with await psycopg.AsyncConnection.connect(own_bench.dsn) as other:
        await other.execute("lock table steve.job_archive in share mode")
        station = await own_bench.worker({"t": handler}, concurrency=10)
        await eventually_async(is_held_up)
    await station.all_over(2000)


async def test_two_workers_share_slow_jobs(bench: Bench) -> None:
    release = asyncio.Event()

    async def handler(job: Job) -> None:
        await release.wait()

    first = await bench.worker({"t": handler}, concurrency=10)
    await bench.create_many("t", range(20))
    await first.events.wait(AttemptStarted, count=10)
    second = await bench.worker({"t": handler}, concurrency=10)
    # At once: not after the first one has given back what it held in vain.
    await second.events.wait(AttemptStarted, count=10, within=0.4)
    release.set()
    await first.all_over(10)
    await second.all_over(10)
    assert await bench.sql("select max(attempts), max(refunded) from steve.jobs") == [(1, 0)]


async def test_a_worker_whose_slots_are_taken_holds_no_job_back(bench: Bench) -> None:
    release = asyncio.Event()

    async def handler(job: Job) -> None:
        await release.wait()

    station = await bench.worker({"t": handler}, concurrency=1)
    first = await bench.create()
    await station.started(first)
    second = await bench.create()
    await asyncio.sleep(0.1)
    assert (await bench.find(second)).status == "pending"
    release.set()
    await station.over(second)


async def test_buffered_jobs_are_given_back_when_the_slots_turn_slow(bench: Bench) -> None:
    release = asyncio.Event()

    async def handler(job: Job) -> None:
        if job.payload == "slow":
            await release.wait()

    # The worker has every reason to claim ahead, until all its slots meet a slow job.
    await bench.create_many("t", ["fast"] * 1000)
    await bench.create_many("t", ["slow"] * 4)
    await bench.create_many("t", ["fast"] * 200)
    slow = await bench.worker({"t": handler}, concurrency=4)
    await slow.all_over(1000)
    other = await bench.worker({"t": handler}, concurrency=4)
    await other.all_over(200 - (len(slow.finished) - 1000), within=3.0)
    release.set()
    await slow.events.wait(AttemptStarted, lambda e: e.job.payload == "slow", count=4)
    await slow.stop()
    assert await bench.sql("select status, count(*) from steve.jobs group by 1") == [
        ("completed", 1204)
    ]
    # Given back, not failed: nobody's attempts are spent.
    assert await bench.sql("select count(*) from steve.jobs where attempts - refunded <> 1") == [
        (0,)
    ]


async def test_slow_jobs_that_end_together_are_no_reason_to_claim_ahead(bench: Bench) -> None:
    gates = [asyncio.Event(), asyncio.Event()]

    async def handler(job: Job) -> None:
        await gates[job.payload >= 10].wait()

    await bench.create_many("t", range(50))
    station = await bench.worker({"t": handler}, concurrency=10)
    await station.events.wait(AttemptStarted, count=10)
    # Ten slots of a second drain less than one job within the horizon.
    await asyncio.sleep(1.0)
    gates[0].set()
    await station.events.wait(AttemptStarted, count=20)
    await asyncio.sleep(0.1)
    assert await bench.sql("select count(*) from steve.job where status = 'running'") == [(10,)]
    gates[1].set()
    await station.all_over(50)
    assert await bench.sql("select max(attempts) from steve.jobs") == [(1,)]
