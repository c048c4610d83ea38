"""Connections that are cut while the worker claims and finishes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from steve.core.control import Snooze
from steve.core.errors import ConnectionFailed
from steve.telemetry.catalogue import AttemptEnded, ClaimLost, JobsClaimed, StatementFailed
from steve.worker import lanes
from support.lossy import LossyProxy
from support.network import Proxy, unused_port
from support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from steve.core.job import Job
    from support.workers import Bench

FINISHES = "steve worker finishes"
CLAIMS = "steve worker claims"


@asynccontextmanager
async def locked_jobs(bench: Bench) -> AsyncGenerator[None, None]:
    """Make finishes wait."""
    async with await psycopg.AsyncConnection.connect(bench.dsn) as connection:
        await connection.execute("select from steve.job for update")
        yield
        await connection.rollback()


async def waiting(bench: Bench, name: str) -> bool:
    return bool(
        await bench.sql(
            "select 1 from pg_stat_activity where application_name = %s "
            "and datname = current_database() and wait_event_type = 'Lock'",
            name,
        )
    )


async def handler(job: Job) -> Any:
    match job.payload:
        case "error" if job.attempts == 1:
            raise ValueError("once")
        case "snooze" if job.attempts == 1:
            raise Snooze(0)
        case _:
            return job.payload


async def test_a_finish_is_sent_again_when_its_backend_was_killed(bench: Bench) -> None:
    release = asyncio.Event()

    async def waits(job: Job) -> Any:
        await release.wait()
        return await handler(job)

    station = await bench.worker({"t": waits})
    payloads = ["ok", "error", "snooze"]
    uids = await bench.create_many("t", payloads, backoff_strategy="none")
    for uid in uids:
        await station.started(uid)
    async with locked_jobs(bench):
        release.set()
        await eventually_async(lambda: waiting(bench, FINISHES))
        assert await bench.terminate(FINISHES) == 1
        await station.events.wait(StatementFailed)
    for uid, payload in zip(uids, payloads, strict=True):
        job = await station.over(uid)
        assert (job.status, job.result) == ("completed", payload)
        assert job.attempts == (1 if payload == "ok" else 2)
        assert len(await bench.attempts(uid)) == job.attempts
    assert sorted(station.finished) == sorted(uids)
    assert not station.events.of(ClaimLost)


@pytest.mark.parametrize("payload", ["ok", "error", "snooze"])
async def test_a_finish_whose_reply_is_lost_counts_once(bench: Bench, payload: str) -> None:
    async with LossyProxy(bench.dsn).running() as proxy:
        station = await bench.worker({"t": handler}, dsn=proxy.dsn)
        # The first time its text is sent to be prepared, and then it is executed.
        lost = proxy.lose(FINISHES, b"attempt_id", skip=1)
        uid = await bench.create("t", payload, backoff_strategy="none")
        job = await station.over(uid)
        assert lost.is_set()
        assert (job.status, job.result) == ("completed", payload)
        assert job.attempts == (1 if payload == "ok" else 2)
        statuses = [attempt.status for attempt in await bench.attempts(uid)]
        assert statuses == {
            "ok": ["success"], "error": ["error", "success"], "snooze": ["snoozed", "success"],
        }[payload]  # fmt: skip
        assert station.finished == [uid]
        if payload == "ok":
            assert not station.events.of(ClaimLost)
        await station.stop()


async def test_jobs_of_a_claim_whose_reply_is_lost_are_given_back(bench: Bench) -> None:
    uids = await bench.create_many("t", range(5))
    async with LossyProxy(bench.dsn).running() as proxy:
        lost = proxy.lose(CLAIMS, b"held_back", skip=1)
        station = await bench.worker({"t": handler}, dsn=proxy.dsn)
        await station.all_over(5)
        assert lost.is_set()
        for uid in uids:
            job = await bench.find(uid)
            assert (job.status, job.attempts, job.refunded, job.crashes) == ("completed", 2, 1, 0)
            assert [a.status for a in await bench.attempts(uid)] == ["released", "success"]
        await station.stop()


async def test_a_claim_whose_backend_is_killed_is_repeated(bench: Bench) -> None:
    station = await bench.worker({"t": handler})
    await station.over(await bench.create())
    async with await psycopg.AsyncConnection.connect(bench.dsn) as connection:
        await connection.execute("select from steve.worker for update")
        uid = await bench.create()
        await eventually_async(lambda: waiting(bench, CLAIMS))
        assert await bench.terminate(CLAIMS) == 1
        await station.events.wait(StatementFailed)
        await connection.rollback()
    job = await station.over(uid)
    assert (job.status, job.attempts) == ("completed", 1)


async def test_a_storm_of_cut_connections_loses_nothing(bench: Bench) -> None:
    async def short(job: Job) -> int:
        await asyncio.sleep(0.005)
        return job.payload

    uids = await bench.create_many("t", range(600))
    station = await bench.worker({"t": short}, concurrency=5)
    cuts = 0
    for count in range(1, 12):
        await station.events.wait(AttemptEnded, count=count * 40)
        cuts += await bench.terminate("steve worker%" if count % 2 else FINISHES)
    await station.all_over(600)
    assert cuts >= 10
    assert await bench.sql("select status, count(*) from steve.jobs group by 1") == [
        ("completed", 600)
    ]
    assert await bench.sql("select max(attempts - refunded), max(crashes) from steve.jobs") == [
        (1, 0)
    ]
    assert sorted(station.finished) == sorted(uids)


async def test_an_outage_of_the_database_is_waited_out(bench: Bench, server_dsn: str) -> None:
    ((name,),) = await bench.sql("select current_database()")
    release = asyncio.Event()

    async def waits(job: Job) -> Any:
        await release.wait()
        return await handler(job)

    station = await bench.worker({"t": waits})
    uids = await bench.create_many("t", ["ok", "error"], backoff_strategy="none")
    for uid in uids:
        await station.started(uid)
    async with await psycopg.AsyncConnection.connect(server_dsn, autocommit=True) as outside:
        await outside.execute(f'alter database "{name}" allow_connections false')  # pyright: ignore
        try:
            await bench.terminate("steve %")
            release.set()
            await station.events.wait(StatementFailed, lambda e: e.what == "writing outcomes")
        finally:
            await outside.execute(f'alter database "{name}" allow_connections true')  # pyright: ignore
    for uid in uids:
        assert (await station.over(uid)).status == "completed"
    later = await bench.create()
    assert (await station.over(later)).status == "completed"
    assert station.worker.ready()


async def test_a_worker_that_cannot_reach_the_database_does_not_start(bench: Bench) -> None:
    dsn = f"host=127.0.0.1 port={unused_port()} dbname=x"
    station = await bench.worker({"t": handler}, dsn=dsn, started=False)
    with pytest.raises(ConnectionFailed):
        await station.worker.start()
    assert not station.worker.ready()
    assert not station.events.of(JobsClaimed)


async def test_connections_that_went_deaf_are_given_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was at the other end is gone without a word. New connections work."""
    monkeypatch.setattr(lanes, "PROMPT", 1.0)
    async with Proxy(bench.dsn).running() as proxy:
        station = await bench.worker(
            {"t": handler}, dsn=proxy.dsn, lease=1.5, poll_interval=0.2, listen=False
        )
        await station.over(await bench.create())
        proxy.halve()
        # For the claim and for the finish: a second, and five in which psycopg asks to cancel.
        job = await station.over(await bench.create(payload="ok"), within=20.0)
        assert (job.status, job.result) == ("completed", "ok")
        await station.stop()
