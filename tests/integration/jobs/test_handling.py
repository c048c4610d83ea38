"""Registering handlers: before, and while workers run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import steve
from integration.jobs.conftest import Make
from steve import Job, Jobs, OptionError, OptionTypeError


def test_registering_and_removing() -> None:
    jobs = Jobs()
    assert not jobs.has_handler("t")
    assert jobs.set_handler("t", lambda job: None) is jobs
    assert jobs.has_handler("t")
    assert not jobs.has_handler("u")
    jobs.set_handler("t", None).set_handler("never was", None)
    assert not jobs.has_handler("t")


def test_the_fallback_counts_as_a_handler_and_is_reset_too() -> None:
    jobs = Jobs(handler=steve.noop, handlers={"t": lambda job: None})
    assert jobs.has_handler("anything")
    assert jobs.reset_handlers() is jobs
    assert not jobs.has_handler("anything")
    assert not jobs.has_handler("t")


def test_the_decorator_gives_the_function_back() -> None:
    jobs = Jobs()

    @jobs.handler("a")
    @jobs.handler("b", max_attempts=1)
    async def handle(job: Job) -> int:
        return 1

    assert asyncio.iscoroutinefunction(handle)
    assert jobs.has_handler("a")
    assert jobs.has_handler("b")


@pytest.mark.parametrize(
    ("type", "defaults", "error"),
    [
        ("", {}, OptionError),
        (print, {}, OptionTypeError),
        ("t", {"max_attempts": 0}, OptionError),
        ("t", {"priority": "high"}, OptionTypeError),
        ("t", {"process": True}, OptionTypeError),
        ("t", {"run_at": None}, OptionTypeError),
        ("t", {"unique_key": "k"}, OptionTypeError),
    ],
)
def test_bad_registrations_show_at_once(
    type: Any, defaults: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        Jobs().handler(type, **defaults)


@pytest.mark.parametrize("function", [3, "name", lambda: None, lambda a, b: None])
def test_what_cannot_handle_a_job(function: Any) -> None:
    with pytest.raises(OptionTypeError):
        Jobs().set_handler("t", function)
    with pytest.raises(OptionTypeError):
        Jobs().handler("t")(function)


async def test_both_kinds_of_functions_run(make: Make) -> None:
    jobs = make()

    @jobs.handler("loop")
    async def on_loop(job: Job) -> str:
        await asyncio.sleep(0)
        return f"loop {job.payload}"

    @jobs.handler("thread")
    def in_thread(job: Job) -> str:
        return f"thread {job.payload}"

    await jobs.start(2)
    made = [await jobs.create(type, n) for n, type in enumerate(("loop", "thread"))]
    assert [await jobs.result(job, 10) for job in made] == ["loop 0", "thread 1"]


async def test_a_type_nobody_handles_waits_for_its_handler(make: Make) -> None:
    jobs = make()
    await jobs.start(2)
    job = await jobs.create("late")
    with pytest.raises(TimeoutError):
        await jobs.wait(job, 0.3)
    jobs.set_handler("late", lambda job: "here I am")
    assert await jobs.result(job, 10) == "here I am"
    jobs.set_handler("late", None)
    other = await jobs.create("late")
    with pytest.raises(TimeoutError):
        await jobs.wait(other, 0.3)
    await asyncio.to_thread(jobs.set_handler, "late", lambda job: "from a thread")
    assert await jobs.result(other, 10) == "from a thread"


async def test_handlers_can_be_swapped_while_running(make: Make) -> None:
    jobs = make(handlers={"t": lambda job: "old"})
    await jobs.start(1)
    assert await jobs.result(await jobs.create("t"), 10) == "old"
    jobs.set_handler("t", lambda job: "new")
    assert await jobs.result(await jobs.create("t"), 10) == "new"


async def test_noop_is_an_explicit_choice(make: Make) -> None:
    jobs = make(handler=steve.noop)
    await jobs.start(1)
    assert await jobs.result(await jobs.create("whatever"), 10) == {"noop": True}


async def test_the_job_at_hand_can_be_asked_for(make: Make) -> None:
    jobs = make()

    def deep_down() -> str:
        return str(steve.current_job().uid)

    @jobs.handler("loop")
    async def on_loop(job: Job) -> str:
        return deep_down()

    jobs.set_handler("thread", lambda job: deep_down())
    await jobs.start(2)
    for type in ("loop", "thread"):
        job = await jobs.create(type)
        assert await jobs.result(job, 10) == str(job.uid)
    with pytest.raises(steve.NotInHandler):
        steve.current_job()
