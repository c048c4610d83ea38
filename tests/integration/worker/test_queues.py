"""Which jobs a worker takes: by queue, by type, by what is paused."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from steve.operations.queue import pause, resume
from steve.telemetry.catalogue import AttemptEnded
from support.waiting import eventually_async

if TYPE_CHECKING:
    from steve.core.job import Job
    from support.workers import Bench


async def handler(job: Job) -> None: ...


async def test_a_queue_that_is_not_served_is_left_alone(bench: Bench) -> None:
    station = await bench.worker({"t": handler}, queues=("a", "b"))
    other = await bench.create(queue="c")
    for queue in "ab":
        await station.over(await bench.create(queue=queue))
    assert (await bench.find(other)).status == "pending"


async def test_a_paused_queue_is_left_alone_until_it_is_resumed(bench: Bench) -> None:
    await bench.run(pause("default"))
    station = await bench.worker({"t": handler}, queues=("default", "other"))
    uid = await bench.create()
    await station.over(await bench.create(queue="other"))
    await asyncio.sleep(0.3)
    assert (await bench.find(uid)).status == "pending"
    at = monotonic()
    assert await bench.run(resume("default"))
    await station.over(uid)
    # The poll interval is 5 s: it was woken.
    assert monotonic() - at < 0.5


async def test_a_pause_that_ends_by_itself(bench: Bench) -> None:
    await bench.run(pause("default", until=datetime.now(UTC) + timedelta(seconds=0.5)))
    station = await bench.worker({"t": handler}, poll_interval=0.3)
    uid = await bench.create()
    at = monotonic()
    await station.over(uid)
    assert 0.2 < monotonic() - at < 1.5


async def test_pausing_does_not_touch_what_runs(bench: Bench) -> None:
    release = asyncio.Event()

    async def waits(job: Job) -> None:
        await release.wait()

    station = await bench.worker({"t": waits})
    uid = await bench.create()
    await station.started(uid)
    await bench.run(pause("default"))
    later = await bench.create()
    release.set()
    assert (await station.over(uid)).status == "completed"
    assert (await bench.find(later)).status == "pending"


async def test_an_unknown_type_waits_for_its_handler(bench: Bench) -> None:
    station = await bench.worker({"t": handler})
    unknown = await bench.create("unknown", priority=100)
    await station.over(await bench.create())
    job = await bench.find(unknown)
    assert (job.status, job.attempts) == ("pending", 0)
    at = monotonic()
    station.registry.register("unknown", handler)
    await station.over(unknown)
    assert monotonic() - at < 0.5
    assert await bench.sql("select types from steve.worker") == [(["t", "unknown"],)]


async def test_a_worker_without_handlers_takes_nothing(bench: Bench) -> None:
    station = await bench.worker({})
    uid = await bench.create()
    await asyncio.sleep(0.2)
    assert (await bench.find(uid)).attempts == 0
    station.registry.set_fallback(handler)
    await station.over(uid)
    assert await bench.sql("select types from steve.worker") == [(None,)]


async def test_a_fallback_takes_all_types(bench: Bench) -> None:
    async def own(job: Job) -> str:
        return "own"

    station = await bench.worker({"t": own}, fallback=lambda job: "fallback")
    assert (await station.over(await bench.create("t"))).result == "own"
    assert (await station.over(await bench.create("whatever"))).result == "fallback"


async def test_a_handler_that_is_swapped(bench: Bench) -> None:
    station = await bench.worker({"t": lambda job: 1})
    assert (await station.over(await bench.create())).result == 1
    station.registry.register("t", lambda job: 2)
    assert (await station.over(await bench.create())).result == 2


async def test_a_handler_removed_while_its_jobs_wait_in_the_buffer(bench: Bench) -> None:
    """They are given back, for others to take, and nothing is held against them."""

    async def removes_itself(job: Job) -> None:
        if job.payload == 100:
            station.registry.unregister("t")

    await bench.create_many("t", range(400))
    station = await bench.worker({"t": removes_itself}, concurrency=1)
    await station.events.wait(AttemptEnded, lambda e: e.job.status == "pending")

    async def none_running() -> bool:
        return not await bench.sql("select 1 from steve.job where status = 'running'")

    await eventually_async(none_running)
    ((pending,),) = await bench.sql("select count(*) from steve.job")
    assert pending > 0
    station.registry.register("t", handler)
    await station.all_over(400)
    assert await bench.sql(
        "select count(*), min(attempts - refunded), max(attempts - refunded) from steve.jobs"
    ) == [(400, 1, 1)]


async def test_the_order_is_priority_then_due_time_then_age(bench: Bench) -> None:
    order: list[int] = []

    async def notes(job: Job) -> None:
        order.append(job.payload)

    now = datetime.now(UTC)
    await bench.create_many("t", [5, 6])
    await bench.create_many("t", [3], run_at=now - timedelta(seconds=10))
    await bench.create_many("t", [4], run_at=now - timedelta(seconds=5))
    await bench.create_many("t", [1, 2], priority=10)
    await bench.create_many("t", [7], priority=-10, run_at=now - timedelta(days=1))
    station = await bench.worker({"t": notes}, concurrency=1)
    await station.all_over(7)
    assert order == [1, 2, 3, 4, 5, 6, 7]
