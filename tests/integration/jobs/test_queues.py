"""Queues: listed, paused, resumed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration.jobs.conftest import Make
from steve import Jobs, OptionError, OptionTypeError


async def test_the_list_counts_what_is_in_them(jobs: Jobs) -> None:
    await jobs.create("t", queue="b")
    await jobs.create("t", queue="b", delay=60)
    await jobs.create("t", queue="a")
    a, b = await jobs.queues.list()
    assert (a.name, a.ready, a.scheduled, a.running, a.paused, a.workers) == (
        "a", 1, 0, 0, False, 0,
    )  # fmt: skip
    assert (b.name, b.ready, b.scheduled) == ("b", 1, 1)


async def test_a_paused_queue_rests_until_it_is_resumed(make: Make) -> None:
    jobs = make(queues=("default", "other"))
    jobs.set_handler("t", lambda job: "ran")
    await jobs.queues.pause("default")
    await jobs.start(2)
    job = await jobs.create("t")
    assert await jobs.result(await jobs.create("t", queue="other"), 10) == "ran"
    with pytest.raises(TimeoutError):
        await jobs.wait(job, 0.3)
    (default,) = [queue for queue in await jobs.queues.list() if queue.name == "default"]
    assert (default.paused, default.ready, default.workers) == (True, 1, 1)
    assert await jobs.queues.resume("default") is True
    assert await jobs.result(job, 10) == "ran"
    assert await jobs.queues.resume("default") is False


async def test_a_queue_that_was_never_seen_can_be_paused(jobs: Jobs) -> None:
    await jobs.queues.pause("later")
    (queue,) = await jobs.queues.list()
    assert (queue.name, queue.paused, queue.paused_until) == ("later", True, None)


async def test_a_pause_may_have_an_end(make: Make) -> None:
    jobs = make(poll_interval=0.1)
    jobs.set_handler("t", lambda job: "ran")
    await jobs.queues.pause("default", until=timedelta(seconds=0.5))
    (queue,) = await jobs.queues.list()
    assert queue.paused
    assert queue.paused_until is not None
    await jobs.start(1)
    assert await jobs.result(await jobs.create("t"), 10) == "ran"
    (queue,) = await jobs.queues.list()
    assert not queue.paused


async def test_an_end_may_be_an_instant(jobs: Jobs) -> None:
    end = datetime(2100, 1, 1, tzinfo=UTC)
    await jobs.queues.pause("q", end)
    (queue,) = await jobs.queues.list()
    assert (queue.paused, queue.paused_until) == (True, end)


@pytest.mark.parametrize(
    ("name", "until", "error"),
    [
        ("", None, OptionError),
        (3, None, OptionTypeError),
        ("q", datetime(2100, 1, 1), OptionError),
        ("q", "tomorrow", OptionTypeError),
        ("q", timedelta(0), OptionError),
    ],
)
async def test_bad_values(jobs: Jobs, name: Any, until: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        await jobs.queues.pause(name, until)


async def test_a_worker_serves_its_queues_and_their_own_limits(make: Make) -> None:
    jobs = make(queues={"a": 1, "b": None})
    now: dict[str, int] = {"a": 0, "b": 0}
    most: dict[str, int] = {"a": 0, "b": 0}
    gate = asyncio.Event()

    @jobs.handler("t")
    async def handle(job: Any) -> None:
        now[job.queue] += 1
        most[job.queue] = max(most[job.queue], now[job.queue])
        if sum(now.values()) >= 4:
            gate.set()
        async with asyncio.timeout(10):
            await gate.wait()
        now[job.queue] -= 1

    await jobs.start(4)
    uids = await jobs.create_many([("t", n, {"queue": "ab"[n % 2]}) for n in range(12)])
    elsewhere = await jobs.create("t", queue="c")
    for uid in uids:
        await jobs.wait(uid, 20)
    assert most["a"] == 1
    assert most["b"] >= 3
    with pytest.raises(TimeoutError):
        await jobs.wait(elsewhere, 0.2)
