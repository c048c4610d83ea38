"""Taking jobs from workers that died."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from steve.core.outcome import Complete
from steve.core.settings import Retention
from steve.maintenance.maintenance import Maintenance
from steve.maintenance.rescuer import BATCH, Rescuer, rescue_now
from steve.operations.finish import Report, complete
from steve.operations.worker import retire
from steve.telemetry.catalogue import JobsRescued, WorkersBuried
from steve.telemetry.telemetry import Telemetry
from support.events import Events
from support.silent import claimed, expire, killed, registered
from support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.workers import Bench


class Rescue:
    """A rescuer, and what it tells."""

    def __init__(self, bench: Bench) -> None:
        self.telemetry = Telemetry()
        self.events = Events(self.telemetry)
        self.again = 0
        self.over: list[UUID] = []
        self.rescuer = Rescuer(
            bench.run, self.telemetry, on_again=self._on_again, on_over=self._on_over
        )

    async def __call__(self) -> int:
        return await self.rescuer.rescue()

    def _on_again(self) -> None:
        self.again += 1

    async def _on_over(self, uids: Sequence[UUID]) -> None:
        self.over.extend(uids)


@pytest.fixture
async def rescue(bench: Bench) -> Rescue:
    return Rescue(bench)


async def test_jobs_of_a_dead_worker_run_again(bench: Bench, rescue: Rescue) -> None:
    uid = await bench.create(max_attempts=1)
    dead = await killed(bench)
    assert await rescue() == 1
    job = await bench.find(uid)
    assert (job.status, job.attempts, job.refunded, job.crashes) == ("pending", 1, 1, 1)
    assert (job.worker, job.error) == (None, None)
    assert job.started_at is not None
    (attempt,) = await bench.attempts(uid)
    assert (attempt.status, attempt.attempt_number, attempt.worker) == ("lost", 1, dead)
    assert attempt.error_details == {"type": "WorkerLost", "traceback": None}
    assert attempt.started_at == job.started_at
    assert rescue.events.of(WorkersBuried) == [WorkersBuried((dead,))]
    assert rescue.events.of(JobsRescued) == [JobsRescued(1, 0, 0)]
    assert (rescue.again, rescue.over) == (1, [])
    assert await bench.sql("select death, swept_at is not null from steve.worker") == [
        ("lost", True)
    ]


@pytest.mark.parametrize("survived", [0, 1, 3])
async def test_a_job_fails_after_too_many_crashes(
    bench: Bench, rescue: Rescue, survived: int
) -> None:
    uid = await bench.create(max_crashes=survived, max_attempts=1)
    dead = 0
    for _ in range(survived + 1):
        assert (await bench.find(uid)).status == "pending"
        dead = await killed(bench)
        assert await rescue() == 1
    job = await bench.find(uid)
    assert (job.status, job.crashes, job.attempts) == ("failed", survived + 1, survived + 1)
    assert job.refunded == job.attempts
    assert job.worker == dead
    assert job.error is not None
    assert job.error.type == "WorkerLost"
    assert job.completed_at is not None
    assert [a.status for a in await bench.attempts(uid)] == ["lost"] * (survived + 1)
    assert rescue.events.of(JobsRescued)[-1] == JobsRescued(0, 1, 0)
    assert rescue.over == [uid]


async def test_a_request_to_cancel_is_honoured(bench: Bench, rescue: Rescue) -> None:
    uid = await bench.create()
    worker = await registered(bench)
    await claimed(bench, worker)
    assert await bench.cancel(uid) == [uid]
    await expire(bench, worker)
    assert await rescue() == 1
    job = await bench.find(uid)
    assert job.status == "cancelled"
    assert rescue.events.of(JobsRescued) == [JobsRescued(0, 0, 1)]
    assert rescue.over == [uid]


async def test_the_living_are_left_alone(bench: Bench, rescue: Rescue) -> None:
    await bench.create()
    await claimed(bench, await registered(bench))
    assert await rescue() == 0
    assert await bench.sql("select status from steve.job") == [("running",)]
    assert not rescue.events.seen


async def test_twice_is_once(bench: Bench, rescue: Rescue) -> None:
    await bench.create()
    await killed(bench)
    assert [await rescue(), await rescue()] == [1, 0]
    assert await rescue_now(bench.run, Telemetry()) == 0
    assert await bench.sql("select crashes, attempts, refunded from steve.job") == [(1, 1, 1)]
    assert len(rescue.events.of(WorkersBuried)) == 1


async def test_many_rescuers_at_once(bench: Bench) -> None:
    count = 3 * BATCH + 10
    await bench.create_many("t", range(count))
    for _ in range(3):
        await killed(bench, slots=count // 2)
    rescues = [Rescue(bench) for _ in range(5)]

    async def until_done(rescue: Rescue) -> int:
        return await rescue() + await rescue()

    assert sum(await asyncio.gather(*map(until_done, rescues))) == count
    assert await bench.sql(
        "select status, crashes, attempts, refunded, count(*) from steve.job group by 1, 2, 3, 4"
    ) == [("pending", 1, 1, 1, count)]
    assert await bench.sql("select count(*), count(distinct id) from steve.attempt") == [
        (count, count)
    ]
    assert await bench.sql("select count(*) from steve.worker where swept_at is null") == [(0,)]


async def test_a_finish_under_way_is_waited_for(bench: Bench, rescue: Rescue) -> None:
    """A late worker's finish holds the row: whoever commits first wins."""
    kept, finished = await bench.create(), await bench.create()
    worker = await registered(bench)
    jobs = {job.uid: job for job in await claimed(bench, worker)}
    await expire(bench, worker)
    async with await psycopg.AsyncConnection.connect(bench.dsn) as late:
        await late.execute("select from steve.job for update")
        assert await rescue() == 0
        await late.rollback()
    assert await bench.run(complete([Report(jobs[finished], Complete(b"1"), 0.0)]))
    assert await rescue() == 1
    assert (await bench.find(kept)).status == "pending"
    assert (await bench.find(finished)).status == "completed"
    assert len(rescue.events.of(WorkersBuried)) == 1
    assert await bench.sql("select count(*) from steve.worker where swept_at is null") == [(0,)]


async def test_a_claim_under_way_is_waited_for(bench: Bench, rescue: Rescue) -> None:
    """It holds its worker's row, and commits jobs that nobody would come back for."""
    await bench.create()
    worker = await registered(bench)
    async with await psycopg.AsyncConnection.connect(bench.dsn) as claiming:
        await claiming.execute("select from steve.worker for key share")
        await expire(bench, worker)
        assert await rescue() == 0
        assert not rescue.events.of(WorkersBuried)
        await claiming.rollback()
    assert await rescue() == 0
    assert len(rescue.events.of(WorkersBuried)) == 1
    assert await claimed(bench, worker) == []


async def test_a_stopped_worker_may_have_left_something(bench: Bench, rescue: Rescue) -> None:
    uid = await bench.create()
    worker = await registered(bench)
    await claimed(bench, worker)
    await bench.run(retire(worker))
    await rescue()
    job = await bench.find(uid)
    assert job.status == "pending"


async def test_it_makes_missing_partitions(own_bench: Bench) -> None:
    for parent in ("job_archive_other", "attempt"):
        for (name,) in await own_bench.sql(
            "select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass",
            f"steve.{parent}",
        ):
            await own_bench.sql(f"drop table {name}")
    uid = await own_bench.create(max_crashes=0)
    await killed(own_bench)
    assert await Rescue(own_bench)() == 1
    assert (await own_bench.find(uid)).status == "failed"


async def test_a_sleeping_worker_is_woken(bench: Bench, rescue: Rescue) -> None:
    uid = await bench.create()
    await killed(bench)
    station = await bench.worker({"t": lambda job: 1})

    async def asleep() -> bool:
        rows = await bench.sql("select 1 from steve.sleeper where queues <> '{}'")
        return bool(rows) and station.listener.working

    await eventually_async(asleep)
    await asyncio.sleep(0.4)
    at = monotonic()
    assert await rescue() == 1
    assert (await station.over(uid)).status == "completed"
    assert monotonic() - at < 0.5


async def test_housekeeping_takes_over_within_the_lease_and_two_seconds(bench: Bench) -> None:
    station = await bench.worker({"t": lambda job: 1})
    maintenance = Maintenance(
        run=station.worker.run,
        connect=lambda: bench.database.connect(name="steve worker partitions"),
        schema="steve",
        registry=station.registry,
        queues=["default"],
        retention=Retention(),
        telemetry=Telemetry(),
        on_work=station.worker.wake,
        on_over=_nothing,
        worked=lambda: 0,
    )
    maintenance.start()
    # Not yet in anybody's hands: the worker must not be faster than the one that is killed.
    dead = await registered(bench, lease=1.0)
    await bench.sql("select steve.create_job('t', run_at => now() + interval '1 hour')")
    ((uid,),) = await bench.sql(
        "update steve.job set status = 'running', worker = %s, attempts = 1, run_at = now(), "
        "attempt_id = nextval('steve.attempt_id'), attempted_at = now() returning uid",
        dead,
    )
    at = monotonic()
    job = await station.over(uid)
    assert (job.status, job.crashes, job.attempts) == ("completed", 1, 2)
    assert 0.8 < monotonic() - at < 3.0
    await maintenance.stop()


async def _nothing(uids: Sequence[UUID]) -> None: ...
