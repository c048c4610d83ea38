"""Handlers that take longer than their job's timeout."""

from __future__ import annotations

import asyncio
import threading
import time
from time import monotonic
from typing import TYPE_CHECKING, Any

from steve.core.control import Cancel, Snooze
from steve.telemetry.catalogue import HandlerStuck
from steve.worker import executor

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from steve.core.job import Job
    from support.workers import Bench, Station

TIMEOUT = 0.1


async def timed_out(station: Station, **options: Any) -> float:
    """Run a job into its timeout; returns the seconds its attempt took."""
    bench = station.bench
    uid = await bench.create(timeout=TIMEOUT, max_attempts=1, **options)
    job = await station.over(uid)
    assert job.status == "failed"
    assert job.error is not None
    assert (job.error.type, job.error.message) == ("TimeoutError", "Execution timed out")
    assert job.result is None
    (attempt,) = await bench.attempts(uid)
    assert attempt.status == "error"
    assert attempt.error_message == "Execution timed out"
    assert attempt.started_at is not None
    assert attempt.completed_at is not None
    return (attempt.completed_at - attempt.started_at).total_seconds()


async def test_a_cooperative_handler_ends_at_once(bench: Bench) -> None:
    cleaned: list[str | None] = []

    async def handler(job: Job) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(job.signal.reason)

    station = await bench.worker({"t": handler})
    seconds = await timed_out(station)
    assert TIMEOUT * 0.5 < seconds < 1.0
    assert cleaned == ["timeout"]


async def test_what_a_handler_makes_of_its_cancellation_does_not_count(bench: Bench) -> None:
    ends: list[Callable[[], Any]] = [
        lambda: "a result", lambda: fail(ValueError()), lambda: fail(Snooze(1)),
        lambda: fail(Cancel("x")), lambda: fail(SystemExit(1)),
    ]  # fmt: skip

    def fail(error: BaseException) -> None:
        raise error

    async def handler(job: Job) -> Any:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return ends[job.payload]()

    station = await bench.worker({"t": handler})
    for n in range(len(ends)):
        assert await timed_out(station, payload=n) < 1.0


async def test_cleaning_up_after_a_cancellation_is_not_disturbed(bench: Bench) -> None:
    cleaned = False

    async def handler(job: Job) -> None:
        nonlocal cleaned
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1.2)
            cleaned = True

    # With a short lease the worker looks after its handlers often.
    station = await bench.worker({"t": handler}, lease=1.0)
    assert await timed_out(station) > 1.2
    assert cleaned


async def test_a_swallowed_cancellation_is_repeated(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "REMIND_AFTER", 0.2)
    swallowed: list[float] = []

    async def handler(job: Job) -> None:
        while len(swallowed) < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append(monotonic())

    station = await bench.worker({"t": handler}, lease=2.0)
    assert await timed_out(station) < 2.0
    first, second, third = swallowed
    assert second - first >= 0.2
    assert third - second >= 0.2


async def test_a_stuck_handler_keeps_its_slot_and_is_reported_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "STUCK_AFTER", 0.2)
    until = monotonic() + 5.0

    async def stuck(job: Job) -> str:
        while monotonic() < until:
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
        return "late"

    async def quick(job: Job) -> None: ...

    station = await bench.worker({"t": stuck, "q": quick}, concurrency=1, lease=2.0)
    uid = await bench.create(timeout=TIMEOUT, max_attempts=2, backoff_strategy="none")
    event = await station.events.wait(HandlerStuck)
    assert (event.job.uid, event.reason) == (uid, "timeout")
    assert 0.2 <= event.seconds < 2.0
    other = await bench.create("q")
    await asyncio.sleep(0.5)
    assert station.worker.running == 1
    assert (await bench.find(other)).status == "pending"
    assert len(station.events.of(HandlerStuck)) == 1
    assert (await bench.find(uid)).status == "running"
    until = 0.0
    assert (await station.ended(uid)).status == "pending"
    assert (await station.over(other)).status == "completed"
    # The second attempt meets a handler that ends in time.
    assert (await station.over(uid)).result == "late"


async def test_a_def_handler_is_told_and_its_late_result_dropped(bench: Bench) -> None:
    seen: list[str | None] = []

    def polls(job: Job) -> str:
        while not job.cancelled:
            time.sleep(0.005)
        seen.append(job.signal.reason)
        return "late"

    def waits(job: Job) -> str:
        assert job.signal.wait(10)
        return "late"

    for handler in (polls, waits):
        station = await bench.worker({"t": handler})
        assert TIMEOUT * 0.5 < await timed_out(station) < 1.0
        await station.stop()
    assert seen == ["timeout"]


async def test_a_deaf_def_handler_keeps_its_slot(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "STUCK_AFTER", 0.2)
    release = threading.Event()

    def deaf(job: Job) -> str:
        release.wait(10)
        return "late"

    station = await bench.worker({"t": deaf}, lease=2.0)
    uid = await bench.create(timeout=TIMEOUT, max_attempts=1)
    assert (await station.events.wait(HandlerStuck)).job.uid == uid
    assert station.worker.running == 1
    release.set()
    job = await station.over(uid)
    assert (job.status, job.result) == ("failed", None)
    assert job.error is not None
    assert job.error.message == "Execution timed out"


async def test_the_timeout_counts_from_the_start_not_from_the_claim(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        await asyncio.sleep(0.15)

    station = await bench.worker({"t": handler}, concurrency=1)
    # Some of these wait in the worker's hands for longer than they may take.
    await bench.create_many("t", range(4), timeout=0.4)
    await station.all_over(4)
    assert await bench.sql("select distinct status from steve.jobs") == [("completed",)]


async def test_a_job_that_ends_in_time_leaves_no_timer(bench: Bench) -> None:
    async def handler(job: Job) -> str:
        return "in time"

    station = await bench.worker({"t": handler})
    uid = await bench.create(timeout=0.2)
    assert (await station.over(uid)).result == "in time"
    loop: Any = asyncio.get_running_loop()
    assert not [timer for timer in loop._scheduled if _is_ours(timer)]


def _is_ours(timer: Any) -> bool:
    return not timer.cancelled() and "Run.tell" in repr(timer)
