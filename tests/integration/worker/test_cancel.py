"""Cancelling jobs, whatever they are at."""

from __future__ import annotations

import asyncio
import time
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from steve.core.control import Snooze
from steve.telemetry.catalogue import AttemptStarted, ListenUnavailable
from steve.worker import watch
from support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from steve.core.job import Job
    from support.workers import Bench, Station


async def endless(job: Job) -> None:
    await asyncio.Event().wait()


def polls(job: Job) -> str:
    while not job.cancelled:
        time.sleep(0.005)
    return "told"


def waits(job: Job) -> str:
    job.signal.wait(10)
    return "told"


async def returns_then(job: Job) -> str:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return "told"
    return "never"


async def raises_then(job: Job) -> str:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise ValueError("in a hurry") from None
    return "never"


async def snoozes_then(job: Job) -> str:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise Snooze(1) from None
    return "never"


async def cancel_running(station: Station, uid: UUID) -> float:
    """Cancel a running job; returns the seconds until it is over."""
    bench = station.bench
    await station.started(uid)
    assert await bench.cancel(uid) == [uid]
    at = monotonic()
    job = await station.over(uid)
    seconds = monotonic() - at
    assert (job.status, job.result, job.attempts, job.refunded) == ("cancelled", None, 1, 0)
    (attempt,) = await bench.attempts(uid)
    assert attempt.status == "cancelled"
    assert uid in station.finished
    return seconds


@pytest.mark.parametrize("listen", [True, False], ids=["notified", "polling"])
async def test_a_running_handler_hears_of_it_within_a_second(bench: Bench, listen: bool) -> None:
    handlers: dict[str, Callable[[Job], Any]] = {
        h.__name__: h for h in (endless, polls, waits, returns_then, raises_then, snoozes_then)
    }
    station = await bench.worker(handlers, listen=listen)
    if not listen:
        await station.events.wait(ListenUnavailable)
    uids = [await bench.create(name) for name in handlers]
    times = await asyncio.gather(*(cancel_running(station, uid) for uid in uids))
    assert max(times) < 1.0


async def test_a_notification_is_faster_than_looking(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "INTERVAL", 5.0)
    station = await bench.worker({"t": endless})
    uid = await bench.create()
    await station.started(uid)

    async def listening() -> bool:
        return station.listener.working

    await eventually_async(listening)
    # Long enough for the handler to count as a long one.
    await asyncio.sleep(watch.LONG_RUNNING + 0.05)
    assert await cancel_running(station, uid) < 1.0


async def test_a_request_that_is_committed_before_the_completion_wins(bench: Bench) -> None:
    async def handler(job: Job) -> str:
        assert await bench.cancel(job.uid) == [job.uid]
        # Done before the worker has looked.
        return "too late"

    def blocking(job: Job) -> str:
        asyncio.run_coroutine_threadsafe(bench.cancel(job.uid), loop).result()
        return "too late"

    loop = asyncio.get_running_loop()
    station = await bench.worker({"a": handler, "b": blocking})
    for type in "ab":
        uid = await bench.create(type)
        job = await station.over(uid)
        assert (job.status, job.result) == ("cancelled", None)
        (attempt,) = await bench.attempts(uid)
        assert attempt.status == "cancelled"


async def test_a_request_beats_a_retry_and_a_snooze(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        await bench.cancel(job.uid)
        raise ValueError("boom") if job.payload == "error" else Snooze(0)

    station = await bench.worker({"t": handler})
    for payload in ("error", "snooze"):
        job = await station.over(await bench.create("t", payload))
        assert (job.status, job.attempts) == ("cancelled", 1)


async def test_a_completion_that_is_committed_before_the_request_wins(bench: Bench) -> None:
    async def handler(job: Job) -> str:
        return "done"

    station = await bench.worker({"t": handler})
    uid = await bench.create()
    await station.over(uid)
    assert await bench.cancel(uid) == []
    assert (await bench.find(uid)).status == "completed"


async def test_what_is_pending_never_starts(bench: Bench) -> None:
    station = await bench.worker({"t": endless}, concurrency=1)
    running = await bench.create()
    await station.started(running)
    waiting = await bench.create()
    assert await bench.cancel(waiting) == [waiting]
    assert (await bench.find(waiting)).status == "cancelled"
    await cancel_running(station, running)
    assert len(station.events.of(AttemptStarted)) == 1


async def test_what_waits_for_its_retry_never_starts_again(bench: Bench) -> None:
    async def fails(job: Job) -> None:
        raise ValueError

    station = await bench.worker({"t": fails})
    uid = await bench.create()
    await station.ended(uid)
    assert await bench.cancel(uid) == [uid]
    job = await bench.find(uid)
    assert (job.status, job.attempts) == ("cancelled", 1)


async def test_asking_twice_changes_nothing(bench: Bench) -> None:
    station = await bench.worker({"t": returns_then})
    uid = await bench.create()
    await station.started(uid)
    assert await bench.cancel(uid) == [uid]
    assert await bench.cancel(uid) == []
    assert (await station.over(uid)).status == "cancelled"
    assert await bench.cancel(uid) == []


async def test_cancelled_while_shutting_down(bench: Bench) -> None:
    station = await bench.worker({"t": endless})
    uid = await bench.create()
    await station.started(uid)
    stopping = asyncio.create_task(station.stop(5.0))
    await bench.cancel(uid)
    await stopping
    assert (await bench.find(uid)).status == "cancelled"


async def test_progress_tells_the_handler_too(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        await bench.cancel(job.uid)
        await job.progress(0.5)
        await asyncio.Event().wait()

    station = await bench.worker({"t": handler})
    at = monotonic()
    assert (await station.over(await bench.create())).status == "cancelled"
    assert monotonic() - at < 0.5


async def test_failure_and_done_callbacks_hear_of_a_cancellation(bench: Bench) -> None:
    heard: list[str] = []
    station = await bench.worker({"t": endless})
    station.callbacks.on("failure", "t", lambda job: heard.append(f"failure {job.status}"))
    station.callbacks.on("done", "t", lambda job: heard.append(f"done {job.status}"))
    await cancel_running(station, await bench.create())
    assert heard == ["failure cancelled", "done cancelled"]
