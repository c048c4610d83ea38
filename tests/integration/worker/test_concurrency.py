"""How many handlers run at once, and which jobs run alone."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

from steve.telemetry.catalogue import AttemptEnded, AttemptStarted, JobsClaimed
from support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import Callable

    from steve.core.job import Job
    from support.workers import Bench


class Meter:
    """Counts who is inside."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.inside -= 1


async def test_no_more_than_concurrency_at_once(bench: Bench) -> None:
    meter = Meter()

    async def handler(job: Job) -> None:
        with meter:
            await asyncio.sleep(0.001 * (job.payload % 7))
            if job.payload % 5 == 0:
                raise ValueError

    def blocking(job: Job) -> None:
        with meter:
            time.sleep(0.001 * (job.payload % 5))

    await bench.create_many("a", range(150), backoff_strategy="none", max_attempts=2)
    await bench.create_many("b", range(100))
    station = await bench.worker({"a": handler, "b": blocking}, concurrency=7)
    await station.all_over(250)
    assert meter.most == 7
    assert station.worker.concurrency == 7


async def test_a_queue_with_a_concurrency_of_its_own(bench: Bench) -> None:
    narrow, all = Meter(), Meter()

    async def handler(job: Job) -> None:
        with all:
            if job.queue == "narrow":
                with narrow:
                    await asyncio.sleep(0.005)
            else:
                await asyncio.sleep(0.005)

    await bench.create_many("t", range(40), queue="narrow")
    await bench.create_many("t", range(80), queue="wide")
    station = await bench.worker({"t": handler}, concurrency=6, queues={"narrow": 2, "wide": None})
    await station.all_over(120)
    assert narrow.most == 2
    assert all.most == 6


async def test_a_narrow_queue_goes_on_when_its_slot_is_free(bench: Bench) -> None:
    """With slots to spare, and nothing else that would wake the worker for 5 s."""

    async def handler(job: Job) -> None:
        await asyncio.sleep(0.5 if job.payload == 0 else 0)

    station = await bench.worker({"t": handler}, concurrency=6, queues={"narrow": 1})
    uids = await bench.create_many("t", range(3), queue="narrow")
    for uid in uids:
        assert (await station.over(uid, within=2.0)).status == "completed"


async def test_a_flood_of_one_queue_leaves_room_for_another(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        await asyncio.sleep(0.01)

    await bench.create_many("t", range(200), queue="flood")
    station = await bench.worker({"t": handler}, concurrency=4, queues=("flood", "other"))
    await station.events.wait(AttemptStarted, count=8)
    uid = await bench.create(queue="other", priority=1)
    await station.over(uid)
    assert len(station.finished) < 150


async def test_jobs_that_may_not_crash_are_never_claimed_ahead(bench: Bench) -> None:
    release = asyncio.Event()

    async def handler(job: Job) -> None:
        if job.payload >= 200:
            await release.wait()

    # Fast ones, so that the worker would claim ahead; then some that hold its slots.
    await bench.create_many("t", range(210), max_crashes=0, max_attempts=1)
    station = await bench.worker({"t": handler}, concurrency=3)
    await station.events.wait(AttemptStarted, count=203)

    async def written() -> bool:
        return await over(bench, 200)

    await eventually_async(written)
    assert await bench.sql("select count(*) from steve.job where status = 'running'") == [(3,)]
    assert max(claim.count for claim in station.events.of(JobsClaimed)) <= 3
    release.set()
    await station.all_over(210)


async def crashed(bench: Bench, count: int) -> None:
    """Create jobs that were in the hands of a worker when it died."""
    await bench.create_many("t", ["suspect"] * count)
    await bench.sql(
        "update steve.job set crashes = 2, attempts = 2, refunded = 2 where payload = '\"suspect\"'"
    )


async def test_suspects_run_one_at_a_time(bench: Bench) -> None:
    suspects = Meter()

    async def handler(job: Job) -> None:
        if job.crashes:
            with suspects:
                await asyncio.sleep(0.02)

    await crashed(bench, 6)
    await bench.create_many("t", ["innocent"] * 300)
    station = await bench.worker({"t": handler}, concurrency=8)
    await station.all_over(306)
    assert suspects.most == 1


async def test_a_suspect_holds_up_nobody_else(bench: Bench) -> None:
    release = asyncio.Event()

    async def handler(job: Job) -> None:
        if job.crashes:
            await release.wait()

    # More than there are slots, and all of them first in line.
    await crashed(bench, 20)
    await bench.create_many("t", ["innocent"] * 50)
    station = await bench.worker({"t": handler}, concurrency=4)
    await station.events.wait(
        AttemptEnded, lambda e: e.job.payload == "innocent", count=50, within=5.0
    )
    assert await bench.sql("select status, count(*) from steve.job group by 1 order by 1") == [
        ("pending", 19), ("running", 1),
    ]  # fmt: skip
    release.set()
    await station.all_over(70, within=5.0)


async def test_two_workers_may_have_a_suspect_each(bench: Bench) -> None:
    both = asyncio.Barrier(2)

    async def handler(job: Job) -> None:
        await both.wait()

    await crashed(bench, 2)
    stations = [await bench.worker({"t": handler}) for _ in range(2)]
    await eventually_async(lambda: over(bench, 2))
    assert [len(station.finished) for station in stations] == [1, 1]


async def over(bench: Bench, count: int) -> bool:
    return await bench.sql("select count(*) from steve.job_archive") == [(count,)]


async def test_many_threads_do_not_starve_each_other(bench: Bench) -> None:
    """Every handler hands work to the loop's own pool of threads and waits for it."""

    def inner() -> int:
        return 1

    async def via_loop(job: Job) -> int:
        return await asyncio.to_thread(inner)

    def blocking(job: Job) -> int:
        ask: Callable[[], int] = inner
        return asyncio.run_coroutine_threadsafe(asyncio.to_thread(ask), loop).result(10)

    loop = asyncio.get_running_loop()
    await bench.create_many("a", range(64))
    await bench.create_many("b", range(64))
    station = await bench.worker({"a": via_loop, "b": blocking}, concurrency=64)
    await station.all_over(128, within=20.0)
    assert await bench.sql("select distinct status, result from steve.jobs") == [("completed", 1)]
