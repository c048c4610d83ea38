"""The alarm: a job's name counts only where it is all that it rang for."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from steve.operations.create import Told, read_told
from steve.worker.alarm import Alarm

JOB = Told(UUID(int=1), "default", "t")
OTHER = Told(UUID(int=2), "default", "t")


class Taker:
    """Takes jobs, one at a time, each as long as it is held."""

    def __init__(self, *, enough: bool = True, held: bool = False) -> None:
        self.jobs: list[Told] = []
        self.enough = enough
        self.cancelled = False
        self.go = asyncio.Event()
        if not held:
            self.go.set()

    async def take(self, job: Told) -> bool:
        self.jobs.append(job)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return self.enough


async def until_asleep() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_it_rings_once() -> None:
    alarm = Alarm()
    assert not await alarm.wait(0.001)
    alarm.ring()
    assert await alarm.wait(1)
    alarm.clear()
    assert not await alarm.wait(0.001)


async def test_a_time_that_is_over() -> None:
    alarm = Alarm()
    assert not await alarm.wait(-1)


async def test_a_job_that_came_before_the_sleep_is_taken_and_the_sleep_goes_on() -> None:
    alarm, taker = Alarm(), Taker()
    alarm.ring(JOB)
    assert not await alarm.sleep(0.01, taker.take)
    assert taker.jobs == [JOB]


async def test_each_job_that_comes_alone_is_taken_and_the_sleep_goes_on() -> None:
    alarm, taker = Alarm(), Taker()
    asleep = asyncio.create_task(alarm.sleep(60, taker.take))
    await until_asleep()
    for job in (JOB, OTHER):
        alarm.ring(job)
        await until_asleep()
    assert taker.jobs == [JOB, OTHER]
    assert not asleep.done()
    alarm.ring()
    assert await asleep


async def test_a_job_that_was_not_all_ends_the_sleep() -> None:
    alarm, taker = Alarm(), Taker(enough=False)
    asleep = asyncio.create_task(alarm.sleep(60, taker.take))
    await until_asleep()
    alarm.ring(JOB)
    assert await asleep
    assert taker.jobs == [JOB]


@pytest.mark.parametrize("second", [OTHER, None])
async def test_what_comes_while_a_job_is_taken_ends_the_sleep_after_it(second: Told | None) -> None:
    alarm, taker = Alarm(), Taker(held=True)
    asleep = asyncio.create_task(alarm.sleep(60, taker.take))
    await until_asleep()
    alarm.ring(JOB)
    alarm.ring(second)
    await until_asleep()
    assert not asleep.done()
    taker.go.set()
    assert await asleep
    assert taker.jobs == [JOB]
    alarm.clear()


async def test_the_sleep_does_not_end_before_a_job_is_taken() -> None:
    alarm, taker = Alarm(), Taker(held=True)
    alarm.ring(JOB)
    asleep = asyncio.create_task(alarm.sleep(0.001, taker.take))
    await asyncio.sleep(0.01)
    assert not asleep.done()
    taker.go.set()
    assert not await asleep


@pytest.mark.parametrize("seconds", [0.001, 60])
async def test_what_the_taking_raises_ends_the_sleep(seconds: float) -> None:
    async def fail(job: Told) -> bool:
        await asyncio.sleep(0.01)
        raise LookupError(job.uid)

    alarm = Alarm()
    alarm.ring(JOB)
    with pytest.raises(LookupError):
        await alarm.sleep(seconds, fail)


@pytest.mark.parametrize("seconds", [0.001, 60])
async def test_whoever_ends_the_sleep_ends_the_taking(seconds: float) -> None:
    alarm, taker = Alarm(), Taker(held=True)
    alarm.ring(JOB)
    asleep = asyncio.create_task(alarm.sleep(seconds, taker.take))
    await asyncio.sleep(0.01)
    asleep.cancel()
    await asyncio.wait({asleep})
    assert asleep.cancelled()
    assert taker.cancelled


@pytest.mark.parametrize(("first", "second"), [(JOB, OTHER), (JOB, None), (None, JOB)])
async def test_a_job_and_something_else_are_just_work(
    first: Told | None, second: Told | None
) -> None:
    alarm, taker = Alarm(), Taker()
    alarm.ring(first)
    alarm.ring(second)
    assert await alarm.sleep(60, taker.take)
    assert taker.jobs == []


def test_what_a_notification_says() -> None:
    assert read_told(f'["{JOB.uid}","default","t"]') == JOB
    for payload in ("", "cancel", str(JOB.uid), "[]", '["x","default","t"]'):
        assert read_told(payload) is None
