"""The alarm: a job's name counts only where it is all that it rang for."""

from __future__ import annotations

from uuid import UUID

from steve.operations.create import Told, read_told
from steve.worker.alarm import Alarm

JOB = Told(UUID(int=1), "default", "t")


async def test_it_rings_once() -> None:
    alarm = Alarm()
    assert not await alarm.wait(0.001)
    alarm.ring()
    assert await alarm.wait(1)
    assert alarm.clear() is None
    assert not await alarm.wait(0.001)


async def test_a_time_that_is_over() -> None:
    alarm = Alarm()
    assert not await alarm.wait(-1)


async def test_one_job_alone_is_known_by_name() -> None:
    alarm = Alarm()
    alarm.ring(JOB)
    assert await alarm.wait(1)
    assert alarm.clear() == JOB
    assert alarm.clear() is None


def test_two_jobs_are_just_work() -> None:
    alarm = Alarm()
    alarm.ring(JOB)
    alarm.ring(JOB)
    assert alarm.clear() is None


def test_a_job_and_something_else_are_just_work() -> None:
    for first, second in ((JOB, None), (None, JOB)):
        alarm = Alarm()
        alarm.ring(first)
        alarm.ring(second)
        assert alarm.clear() is None


def test_what_a_notification_says() -> None:
    assert read_told(f'["{JOB.uid}","default","t"]') == JOB
    for payload in ("", "cancel", str(JOB.uid), "[]", '["x","default","t"]'):
        assert read_told(payload) is None
