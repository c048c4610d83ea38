"""Stopping an idle worker, stopping twice, and starting again: nothing is left."""

from __future__ import annotations

import asyncio
import time
from time import monotonic
from typing import TYPE_CHECKING

from support.waiting import eventually_async

if TYPE_CHECKING:
    from steve.core.job import Job
    from support.workers import Bench


async def endless(job: Job) -> None:
    await asyncio.Event().wait()


async def test_an_idle_worker_stops_at_once(bench: Bench) -> None:
    station = await bench.worker({"t": endless})
    at = monotonic()
    await station.stop(60.0)
    assert monotonic() - at < 0.5


async def test_stopping_twice_is_harmless(bench: Bench) -> None:
    station = await bench.worker({"t": endless})
    await station.stop()
    await station.worker.stop()
    assert await bench.sql("select count(*) from steve.worker where died_at is null") == [(0,)]


async def test_starting_and_stopping_again_and_again_leaves_nothing(bench: Bench) -> None:
    """The fixture looks for tasks, threads and connections when this is over."""

    async def handler(job: Job) -> None:
        async with job.transaction():
            await job.progress(0.5)

    def blocking(job: Job) -> None:
        with job.transaction():
            time.sleep(0.001)

    for round in range(6):
        station = await bench.worker({"a": handler, "b": blocking}, concurrency=3)
        if round:
            await bench.create_many("a", range(3))
            await bench.create_many("b", range(3))
            await station.all_over(6)
        await station.stop()
    assert await bench.sql("select count(*) from steve.worker where death = 'stopped'") == [(6,)]
    assert await bench.sql("select count(*) from steve.sleeper") == [(0,)]


async def test_a_worker_holds_four_connections(bench: Bench) -> None:
    seen: list[list[str]] = []

    async def handler(job: Job) -> None:
        await job.progress(0.5)
        if job.payload % 7 == 0:
            raise ValueError

    station = await bench.worker({"t": handler}, concurrency=50, lease=1.0)
    uids = await bench.create_many("t", range(300), max_attempts=1)

    async def done() -> bool:
        rows = await bench.sql(
            "select application_name from pg_stat_activity "
            "where datname = current_database() and application_name like 'steve %%' "
            "and application_name <> 'steve test'"
        )
        seen.append([name for (name,) in rows])
        lease = any("steve worker lease" in names for names in seen)
        return lease and station.listener.working and len(station.finished) == len(uids)

    await eventually_async(done)
    assert max(map(len, seen)) == 4
    assert sorted(seen[-1]) == [
        "steve listener", "steve worker claims", "steve worker finishes", "steve worker lease",
    ]  # fmt: skip
