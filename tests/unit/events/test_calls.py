"""Users' functions are called in order, and whatever they do hurts nobody."""

from __future__ import annotations

import asyncio
import functools
import logging

import pytest

from steve.core.errors import OptionTypeError
from steve.core.job import Job
from steve.events.calls import Calls, check_callback
from support.jobs import job


async def test_a_plain_function_is_called_at_once() -> None:
    seen: list[Job] = []
    made = job()
    Calls().call([seen.append], made)
    assert [other.uid for other in seen] == [made.uid]


async def test_each_gets_a_copy_that_stays_as_it_was() -> None:
    seen: list[Job] = []
    made = job(status="running")
    Calls().call([seen.append, seen.append], made)
    made.status = "completed"
    made.progress.fraction = 0.5
    first, second = seen
    assert first is not second
    assert first.status == "running"
    assert first.progress.fraction == 0.0


async def test_a_coroutine_function_runs_beside_and_can_be_waited_for() -> None:
    calls, gate, seen = Calls(), asyncio.Event(), list[str]()

    async def slow(job: Job) -> None:
        await gate.wait()
        seen.append(job.status)

    calls.call([slow], job(status="completed"))
    assert seen == []
    gate.set()
    await calls.drain()
    assert seen == ["completed"]


async def test_events_of_one_job_come_in_order_however_slow_a_callback_is() -> None:
    calls, gate, seen = Calls(), asyncio.Event(), list[str]()

    async def slow(job: Job) -> None:
        await gate.wait()
        seen.append(f"slow {job.status}")

    def quick(job: Job) -> None:
        seen.append(f"quick {job.status}")

    made = job(status="running")
    calls.call([slow, quick], made)
    made.status = "completed"
    calls.call([slow, quick], made)
    assert seen == ["quick running"]
    gate.set()
    await calls.drain()
    assert seen == ["quick running", "slow running", "quick completed", "slow completed"]


async def test_jobs_do_not_wait_for_each_other() -> None:
    calls, gate, seen = Calls(), asyncio.Event(), list[str]()

    async def slow(job: Job) -> None:
        await gate.wait()

    calls.call([slow], job())
    calls.call([lambda job: seen.append(job.type)], job(type="other"))
    assert seen == ["other"]
    gate.set()
    await calls.drain()


async def test_callbacks_of_one_event_do_not_wait_for_each_other() -> None:
    calls, met = Calls(), asyncio.Barrier(2)

    async def meet(job: Job) -> None:
        await met.wait()

    async def meet_too(job: Job) -> None:
        await met.wait()

    calls.call([meet, meet_too], job())
    async with asyncio.timeout(5):
        await calls.drain()


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(3), asyncio.CancelledError()])
async def test_what_they_raise_is_logged(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    calls, seen = Calls(), list[str]()

    def plain(job: Job) -> None:
        raise error

    async def coroutine(job: Job) -> None:
        raise error

    with caplog.at_level(logging.ERROR, "steve.events"):
        calls.call([plain, coroutine, lambda job: seen.append("last")], job())
        await calls.drain()
    assert seen == ["last"]
    assert len(caplog.records) == 2
    assert {record.name for record in caplog.records} == {"steve.events"}


async def test_the_next_events_come_after_one_that_raised() -> None:
    calls, seen = Calls(), list[str]()

    async def broken(job: Job) -> None:
        await asyncio.sleep(0)
        raise ValueError

    made = job()
    calls.call([broken], made)
    calls.call([lambda job: seen.append("next")], made)
    await calls.drain()
    assert seen == ["next"]


async def test_a_callback_may_cause_the_next_event_of_its_job() -> None:
    calls, seen = Calls(), list[str]()
    made = job()

    async def again(job: Job) -> None:
        seen.append("first")
        calls.call([lambda job: seen.append("second")], made)

    calls.call([again], made)
    await calls.drain()
    assert seen == ["first", "second"]


async def test_draining_from_a_callback_does_not_wait_for_itself() -> None:
    calls, done = Calls(), list[bool]()

    async def drains(job: Job) -> None:
        await calls.drain()
        done.append(True)

    calls.call([drains], job())
    async with asyncio.timeout(5):
        await calls.drain()
    assert done == [True]


@pytest.mark.parametrize("callback", [None, "text", lambda: None, lambda a, b: None])
def test_what_cannot_be_called_with_a_job_is_refused(callback: object) -> None:
    with pytest.raises(OptionTypeError, match="callback"):
        check_callback(callback)


def test_anything_callable_with_a_job_is_taken() -> None:
    class Object:
        def __call__(self, job: Job) -> None: ...

    for callback in (print, Object(), functools.partial(lambda a, b: None, 1), [].append):
        check_callback(callback)
