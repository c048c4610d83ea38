"""A worker whose schema is incomplete, or gone."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.core.control import Fail
from steve.core.errors import SchemaMissing
from steve.telemetry.catalogue import StatementFailed, WorkerFailed
from support.waiting import eventually_async

if TYPE_CHECKING:
    from steve.core.job import Job
    from support.workers import Bench


async def test_missing_partitions_are_made_and_the_finish_repeated(own_bench: Bench) -> None:
    async def handler(job: Job) -> str:
        if job.payload == "fail":
            raise Fail("as asked")
        if job.payload == "retry" and job.attempts == 1:
            raise ValueError("once")
        return "done"

    names = [
        name
        for (name,) in await own_bench.sql(
            "select inhrelid::regclass::text from pg_inherits where inhparent in ("
            "'steve.job_archive_completed'::regclass, 'steve.job_archive_other'::regclass, "
            "'steve.attempt'::regclass)"
        )
    ]
    for name in names:
        await own_bench.sql(f"drop table {name}")
    station = await own_bench.worker({"t": handler})
    uids = await own_bench.create_many("t", ["ok", "fail", "retry", "ok"], backoff_strategy="none")
    jobs = [await station.over(uid) for uid in uids]
    assert [job.status for job in jobs] == ["completed", "failed", "completed", "completed"]
    assert [job.attempts for job in jobs] == [1, 1, 2, 1]
    made = await own_bench.sql(
        "select count(*) from pg_inherits where inhparent = 'steve.job_archive_completed'::regclass"
    )
    assert made[0][0] >= 14


async def drop_schema(bench: Bench) -> None:
    """Drop it under the worker, whose statements may deadlock with that."""

    async def drop() -> bool:
        try:
            await bench.sql("drop schema steve cascade")
        except psycopg.errors.DeadlockDetected:
            return False
        return True

    await eventually_async(drop)


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
async def test_a_dropped_schema_ends_the_worker(own_bench: Bench, busy: bool) -> None:
    reasons: list[str | None] = []

    async def handler(job: Job) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            reasons.append(job.signal.reason)

    station = await own_bench.worker({"t": handler}, poll_interval=0.2)
    if busy:
        uid = await own_bench.create()
        await station.started(uid)
    await drop_schema(own_bench)
    with pytest.raises(SchemaMissing, match="steve migrate"):
        await asyncio.wait_for(station.worker.wait_failed(), 5.0)
    event = await station.events.wait(WorkerFailed)
    assert isinstance(event.error, SchemaMissing)
    assert not station.worker.alive()
    at = monotonic()
    await station.stop()
    assert monotonic() - at < 3.0
    assert reasons == (["lost"] if busy else [])
    assert len(station.events.of(StatementFailed)) < 5


async def test_a_worker_does_not_start_without_its_schema(own_bench: Bench) -> None:
    await own_bench.sql("drop schema steve cascade")
    station = await own_bench.worker({}, started=False)
    with pytest.raises(Exception, match=r"steve\.worker"):
        await station.worker.start()
    await station.stop()
