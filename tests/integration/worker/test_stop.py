"""Stopping a worker: what runs, what waits, what does not want to stop."""

from __future__ import annotations

import asyncio
import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from steve.telemetry.catalogue import (
    AttemptEnded,
    AttemptStarted,
    HandlerStuck,
    JobsClaimed,
    LeaseLost,
    WorkerStopped,
    WorkerStopping,
)
from steve.worker import worker
from support.waiting import eventually_async

if TYPE_CHECKING:
    from uuid import UUID

    from steve.core.job import Job
    from support.workers import Bench


async def endless(job: Job) -> None:
    await asyncio.Event().wait()


async def given_back(bench: Bench, uid: UUID) -> None:
    job = await bench.find(uid)
    assert (job.status, job.attempts, job.refunded, job.worker) == ("pending", 1, 1, None)
    assert job.error is None
    (attempt,) = await bench.attempts(uid)
    assert (attempt.status, attempt.error_message) == ("released", None)


async def test_running_handlers_may_finish_within_the_grace(bench: Bench) -> None:
    async def handler(job: Job) -> str:
        await release.wait()
        return "done"

    def blocking(job: Job) -> str:
        release_threads.wait(5)
        return "done"

    release, release_threads = asyncio.Event(), threading.Event()
    station = await bench.worker({"a": handler, "b": blocking})
    uids = [await bench.create(type) for type in "abab"]
    await station.events.wait(AttemptStarted, count=4)
    stopping = asyncio.create_task(station.stop(5.0))
    event = await station.events.wait(WorkerStopping)
    assert (event.running, event.grace) == (4, 5.0)
    late = await bench.create("a")
    await asyncio.sleep(0.2)
    release.set()
    release_threads.set()
    await stopping
    await station.events.wait(WorkerStopped)
    for uid in uids:
        job = await bench.find(uid)
        assert (job.result, job.attempts) == ("done", 1)
    job = await bench.find(late)
    # A claim that was under way may have brought it; then it was given back.
    assert (job.status, job.attempts - job.refunded) == ("pending", 0)
    assert len(station.events.of(AttemptStarted)) == 4


async def test_after_the_grace_handlers_are_cancelled_and_their_jobs_given_back(
    bench: Bench,
) -> None:
    reasons: list[str | None] = []

    async def handler(job: Job) -> None:
        try:
            await endless(job)
        finally:
            reasons.append(job.signal.reason)

    def blocking(job: Job) -> None:
        job.signal.wait(10)
        reasons.append(job.signal.reason)
        raise ValueError("cut short")

    station = await bench.worker({"a": handler, "b": blocking})
    uids = [await bench.create(type, max_attempts=1) for type in "ab"]
    await station.events.wait(AttemptStarted, count=2)
    at = monotonic()
    await station.stop(0.3)
    assert 0.3 <= monotonic() - at < 1.5
    assert reasons == ["shutdown", "shutdown"]
    for uid in uids:
        await given_back(bench, uid)
    second = await bench.worker({"a": lambda job: 1, "b": lambda job: 1})
    for uid in uids:
        job = await second.over(uid)
        assert (job.status, job.attempts) == ("completed", 2)


async def test_a_result_that_comes_after_the_request_to_stop_counts(bench: Bench) -> None:
    async def handler(job: Job) -> str:
        try:
            await endless(job)
        except asyncio.CancelledError:
            return "finished in a hurry"
        return "never"

    station = await bench.worker({"t": handler})
    uid = await bench.create()
    await station.started(uid)
    await station.stop(0.0)
    job = await bench.find(uid)
    assert (job.status, job.result) == ("completed", "finished in a hurry")


async def test_a_second_signal_does_not_wait(bench: Bench) -> None:
    station = await bench.worker({"t": endless})
    uid = await bench.create()
    await station.started(uid)
    stopping = asyncio.create_task(station.stop(60.0))
    await station.events.wait(WorkerStopping)
    at = monotonic()
    station.worker.hurry()
    await stopping
    assert monotonic() - at < 1.0
    await given_back(bench, uid)


@pytest.mark.parametrize("blocking", [False, True], ids=["async", "def"])
async def test_a_stuck_handler_is_left_behind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, blocking: bool
) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 0.5)
    release = threading.Event()

    async def stuck(job: Job) -> str:
        while not release.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
        return "late"

    def stuck_blocking(job: Job) -> str:
        release.wait(10)
        return "late"

    station = await bench.worker({"t": stuck_blocking if blocking else stuck})
    uid = await bench.create()
    await station.started(uid)
    at = monotonic()
    await station.stop(0.1)
    assert monotonic() - at < 2.5
    event = await station.events.wait(HandlerStuck)
    assert (event.job.uid, event.reason) == (uid, "shutdown")
    await given_back(bench, uid)
    assert station.worker.running == 0
    release.set()
    await eventually_async(no_handlers)
    await asyncio.sleep(0.05)
    await given_back(bench, uid)


@pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="a task starts at once there: the moment does not exist"
)
async def test_a_handler_told_to_stop_before_it_begins_is_not_called(bench: Bench) -> None:
    """The lease is lost, or the worker hurried, in the moment after the claim."""
    called = False

    async def handler(job: Job) -> None:
        nonlocal called
        called = True

    station = await bench.worker({"t": handler})
    telemetry = station.worker._telemetry
    telemetry.subscribe(JobsClaimed, lambda _: station.worker._executor.tell_all("lost"))
    await bench.create()
    await station.events.wait(AttemptEnded)
    assert not called
    assert station.worker.running == 0
    await station.stop()
    assert await bench.sql("select status, attempts - refunded from steve.job") == [("pending", 0)]


async def test_a_handler_left_behind_can_write_nothing_any_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 0.3)
    release = threading.Event()
    errors: list[str] = []

    def stuck(job: Job) -> None:
        release.wait(10)
        for write in (lambda: job.progress(0.5), lambda: job.transaction().__enter__()):
            try:
                write()
            except Exception as error:
                errors.append(type(error).__name__)

    station = await bench.worker({"t": stuck})
    await station.started(await bench.create())
    await station.stop(0.0)
    release.set()
    await eventually_async(no_handlers)
    assert errors == ["NotInHandler", "NotInHandler"]


async def no_handlers() -> bool:
    return not any("handler" in thread.name for thread in threading.enumerate())


async def test_everything_that_ended_is_written(bench: Bench) -> None:
    async def handler(job: Job) -> int:
        await asyncio.sleep(0.001)
        return job.payload

    await bench.create_many("t", range(1000))
    station = await bench.worker({"t": handler}, concurrency=20)
    await station.events.wait(AttemptStarted, count=200)
    await station.stop()
    starts = len(station.events.of(AttemptStarted))
    rows = dict(await bench.sql("select status, count(*) from steve.jobs group by 1"))
    assert rows == {"completed": starts, "pending": 1000 - starts}
    assert len(station.finished) == starts
    # What had been claimed ahead was given back, and nothing was claimed afterwards.
    assert await bench.sql("select count(*) from steve.jobs where attempts - refunded > 1") == [
        (0,)
    ]
    claimed = sum(event.count for event in station.events.of(JobsClaimed))
    ((released,),) = await bench.sql("select count(*) from steve.job where attempts = 1")
    assert claimed == starts + released


async def test_the_lease_is_kept_until_the_last_handler_has_ended(bench: Bench) -> None:
    async def handler(job: Job) -> str:
        await asyncio.sleep(1.6)
        return "done"

    station = await bench.worker({"t": handler}, lease=1.0)
    uid = await bench.create()
    await station.started(uid)
    stopping = asyncio.create_task(station.stop(5.0))
    while not stopping.done():
        rows = await bench.sql("select expires_at > steve.now() from steve.worker")
        assert rows == [(True,)]
        await asyncio.sleep(0.1)
    assert (await bench.find(uid)).result == "done"
    assert not station.events.of(LeaseLost)
