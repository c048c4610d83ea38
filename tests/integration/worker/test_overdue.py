"""Jobs that were claimed, and not started before the worker's lease may be over."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.errors import LockNotAvailable

from steve.telemetry.catalogue import AttemptStarted, LeaseLost
from steve.worker.membership import Membership
from steve.worker.threads import Threads
from support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from steve.core.job import Job
    from support.workers import Bench, Station

LEASE = 1.0


@pytest.mark.parametrize(("count", "concurrency"), [(2000, 1), (10, 10)], ids=["ahead", "in slots"])
async def test_nothing_is_started_after_the_lease(
    bench: Bench, count: int, concurrency: int
) -> None:
    """Jobs that were claimed before a time in which nothing ran are given back instead."""
    held: list[set[UUID]] = []
    # Not longer: a claim may hold the worker's row until this loop reads what it has sent.
    locker = psycopg.connect(bench.dsn, options="-c lock_timeout=100ms")

    async def handler(job: Job) -> None:
        if held or job.payload < count // 40:
            return
        try:
            locker.execute("select from steve.worker for update")
        except LockNotAvailable:
            locker.rollback()
            return
        rows = locker.execute(
            "select uid, attempt_id from steve.job where status = 'running' and uid <> %s",
            [job.uid],
        ).fetchall()
        # Of some the end is not written yet, of others the claim is not answered yet.
        in_hand = station.worker._executor.attempt_ids()
        waiting = {uid for uid, attempt in rows if attempt in in_hand} - begun(station)
        if waiting:
            held.append(waiting)
            time.sleep(1.5 * LEASE)  # noqa: ASYNC251 - nothing runs meanwhile
            # The lock stays: a renewal between here and the next job would be in time.
        else:
            locker.rollback()

    await bench.create_many("t", range(count))
    station = await bench.worker(
        {"t": handler}, lease=LEASE, concurrency=concurrency, started=False
    )
    await station.worker.start()
    await station.events.wait(LeaseLost)
    locker.close()
    await station.all_over(count)
    (claimed_ahead,) = held
    for uid in claimed_ahead:
        job = await bench.find(uid)
        assert (job.attempts, job.refunded) == (2, 1)


@pytest.mark.parametrize("why", ["its lease is over", "it is cancelled"])
async def test_no_handler_begins_in_a_thread_that_has_its_turn_too_late(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """Between the look at the lease and the call a process may be suspended."""
    handed_over, turn = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    call = Threads.call

    async def late(threads: Threads, function: Callable[[], Any]) -> Any:
        def after_a_while() -> Any:
            loop.call_soon_threadsafe(handed_over.set)
            turn.wait(10)
            return function()

        return await call(threads, after_a_while)

    called: list[UUID] = []

    def handler(job: Job) -> None:
        called.append(job.uid)

    monkeypatch.setattr(Threads, "call", late)
    uid = await bench.create()
    station = await bench.worker({"t": handler})
    await handed_over.wait()
    if why == "it is cancelled":
        await bench.cancel(uid)
        await eventually_async(lambda: is_told(station))
        turn.set()
        await bench.become(uid, "cancelled")
        assert called == []
    else:
        # By the clock alone: the loop has not looked since, and nobody has taken the job over.
        with monkeypatch.context() as patch:
            patch.setattr(Membership, "overdue", property(lambda _: _is_in_a_thread()))
            turn.set()
            await station.ended(uid)
            assert called == []
        await bench.become(uid, "completed")
        assert (await bench.find(uid)).refunded >= 1


async def is_told(station: Station) -> bool:
    return all(run.told_at is not None for run in station.worker._executor.runs())


def _is_in_a_thread() -> bool:
    return threading.current_thread() is not threading.main_thread()


def begun(station: Station) -> set[UUID]:
    return {event.job.uid for event in station.events.of(AttemptStarted)}
