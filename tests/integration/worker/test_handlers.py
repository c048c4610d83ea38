"""What may be a handler, and what it has in its hands while it runs."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from steve.core.context import current_job
from steve.core.errors import NotInHandler
from steve.core.job import Job
from steve.telemetry.catalogue import JobsClaimed, StatementFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from support.workers import Bench


async def async_function(job: Job) -> Any:
    return threading.current_thread() is threading.main_thread(), job.payload


def function(job: Job) -> Any:
    return threading.current_thread() is threading.main_thread(), job.payload


def returns_awaitable(job: Job) -> Awaitable[Any]:
    return async_function(job)


async def with_more(more: int, job: Job, *, again: int) -> Any:
    assert (more, again) == (1, 2)
    return await async_function(job)


def with_more_blocking(more: int, job: Job, *, again: int) -> Any:
    assert (more, again) == (1, 2)
    return function(job)


class Callable:
    def __call__(self, job: Job) -> Any:
        return function(job)

    def method(self, job: Job) -> Any:
        return function(job)


class AsyncCallable:
    async def __call__(self, job: Job) -> Any:
        return await async_function(job)

    async def method(self, job: Job) -> Any:
        return await async_function(job)


KINDS: dict[str, tuple[Any, bool]] = {
    # Whether it runs on the loop.
    "async def": (async_function, True),
    "def": (function, False),
    "def returning an awaitable": (returns_awaitable, True),
    "async partial": (partial(with_more, 1, again=2), True),
    "partial": (partial(with_more_blocking, 1, again=2), False),
    "object": (Callable(), False),
    "async object": (AsyncCallable(), True),
    "method": (Callable().method, False),
    "async method": (AsyncCallable().method, True),
    "lambda": (lambda job: function(job), False),
}


async def test_every_kind_of_callable_runs(bench: Bench) -> None:
    station = await bench.worker({name: handler for name, (handler, _) in KINDS.items()})
    uids = {name: await bench.create(name, {"n": 1}) for name in KINDS}
    for name, uid in uids.items():
        job = await station.over(uid)
        assert job.status == "completed", (name, job.error)
        assert job.result == [KINDS[name][1], {"n": 1}], name
        assert (job.attempts, job.refunded, job.crashes) == (1, 0, 0)
        assert job.error is None
        assert await bench.sql("select count(*) from steve.attempt") == [(0,)]
        ((attempt),) = await bench.attempts(uid)
        assert (attempt.status, attempt.attempt_number) == ("success", 1)
    assert sorted(station.finished) == sorted(uids.values())


async def test_the_job_in_hand_knows_what_the_database_knows(bench: Bench) -> None:
    seen: list[Job] = []

    async def handler(job: Job) -> None:
        seen.append(job)
        assert current_job.get() is job
        assert job.status == "running"
        assert job.worker == station.worker.id
        assert (await bench.find(job.uid)).attempt_id == job.attempt_id
        assert job.cancelled is False
        assert job.signal.reason is None

    station = await bench.worker({"t": handler})
    uid = await bench.create(
        "t", [1, "x"], tags=["a"], meta={"k": [1]}, priority=7, timeout=60, max_attempts=5
    )
    stored = await station.over(uid)
    assert stored.status == "completed", stored.error
    (job,) = seen
    for name in (
        "id", "uid", "type", "payload", "max_attempts", "max_crashes", "created_at", "run_at",
        "scheduled_at", "queue", "priority", "timeout", "tags", "meta", "backoff_strategy",
    ):  # fmt: skip
        assert getattr(job, name) == getattr(stored, name), name
    assert stored.started_at is not None
    assert stored.completed_at is not None
    assert stored.created_at <= stored.started_at <= stored.completed_at
    with pytest.raises(NotInHandler):
        _ = job.signal


async def test_a_def_handler_has_the_job_in_its_context(bench: Bench) -> None:
    def handler(job: Job) -> bool:
        return current_job.get() is job and threading.current_thread().name.startswith("steve")

    station = await bench.worker({"t": handler})
    assert (await station.over(await bench.create())).result is True


async def test_contexts_of_two_jobs_do_not_mix(bench: Bench) -> None:
    both = asyncio.Barrier(2)

    async def handler(job: Job) -> bool:
        await both.wait()
        return current_job.get() is job

    station = await bench.worker({"t": handler})
    uids = await bench.create_many("t", [1, 2])
    assert [(await station.over(uid)).result for uid in uids] == [True, True]


async def test_the_log_names_the_job(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(job: Job) -> None:
        job.log.info("from the loop", extra={"own": 1})

    def blocking(job: Job) -> None:
        job.log.info("from a thread")

    caplog.set_level(logging.INFO, "steve.job")
    station = await bench.worker({"a": handler, "b": blocking})
    first, second = await bench.create("a"), await bench.create("b")
    await station.over(first)
    await station.over(second)
    lines = {line.getMessage(): line for line in caplog.records if line.name == "steve.job"}
    assert lines["from the loop"].__dict__["job_uid"] == str(first)
    assert lines["from the loop"].__dict__["own"] == 1
    assert lines["from a thread"].__dict__["job_uid"] == str(second)
    assert lines["from a thread"].__dict__["attempt"] == 1
    assert lines["from a thread"].__dict__["job_type"] == "b"


async def test_progress_is_written_while_the_handler_runs(bench: Bench) -> None:
    async def handler(job: Job) -> float:
        await job.progress(0.4, "half way")
        stored = await bench.find(job.uid)
        assert (round(float(stored.progress), 4), stored.progress.message) == (0.4, "half way")
        await job.progress(7)
        return float(job.progress)

    station = await bench.worker({"t": handler})
    job = await station.over(await bench.create())
    assert job.error is None
    assert job.result == 1.0
    assert (float(job.progress), job.progress.message) == (1.0, None)


async def test_progress_from_a_thread_blocks_until_it_is_written(bench: Bench) -> None:
    seen: list[float] = []

    def handler(job: Job) -> None:
        job.progress(0.25, "a quarter")
        look = asyncio.run_coroutine_threadsafe(bench.find(job.uid), loop).result()
        seen.append(float(look.progress))

    loop = asyncio.get_running_loop()
    station = await bench.worker({"t": handler})
    job = await station.over(await bench.create())
    assert job.error is None
    assert seen == [0.25]
    assert job.progress.message == "a quarter"


async def test_much_progress_of_many_jobs(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        for step in range(20):
            await asyncio.gather(*(job.progress(step / 20, f"{step} {n}") for n in range(3)))

    station = await bench.worker({"t": handler}, concurrency=20)
    uids = await bench.create_many("t", range(20))
    await station.all_over(20)
    for uid in uids:
        job = await bench.find(uid)
        assert (job.status, round(float(job.progress), 4)) == ("completed", 0.95)


async def test_a_payload_that_python_cannot_hold_fails_its_job_alone(bench: Bench) -> None:
    async def handler(job: Job) -> None: ...

    # Deeper than any Python follows, and no deeper than PostgreSQL does.
    deep = "[" * 12_000 + "]" * 12_000
    ((uid,),) = await bench.sql("select steve.create_job('t', %s::jsonb)", deep)
    good = await bench.create()
    station = await bench.worker({"t": handler})
    bad = await station.over(uid)
    assert bad.status == "failed"
    assert bad.error is not None
    assert bad.error.type == "PayloadError"
    assert bad.attempts == 1
    assert (await station.over(good)).status == "completed"
    assert station.events.of(JobsClaimed)


async def test_callbacks_hear_of_each_attempt_after_it_is_written(bench: Bench) -> None:
    heard: list[tuple[str, str]] = []

    async def look(job: Job) -> None:
        heard.append((job.status, (await bench.find(job.uid)).status))

    async def handler(job: Job) -> None:
        if job.attempts == 1:
            raise ValueError("once")

    station = await bench.worker({"t": handler})
    station.callbacks.on("attempt", "*", look)
    uid = await bench.create(backoff_strategy="none")
    await station.over(uid)
    await station.callbacks.drain()
    assert [own for own, _ in heard] == ["running", "pending", "running", "completed"]
    assert heard[3] == ("completed", "completed")


def in_child() -> None:
    sys.exit(3)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
async def test_a_handler_may_fork(bench: Bench) -> None:
    """The child has copies of the worker's connections, and leaves them alone."""
    fork = multiprocessing.get_context("fork")

    def handler(job: Job) -> int | None:
        child = fork.Process(target=in_child)
        child.start()
        child.join()
        return child.exitcode

    async def on_loop(job: Job) -> int | None:
        return await asyncio.to_thread(handler, job)

    station = await bench.worker({"a": on_loop, "b": handler})
    await station.over(await bench.create("a"))
    before = await bench.backends("steve worker%")
    for type in "abab":
        job = await station.over(await bench.create(type))
        assert job.result is not None
        assert (job.status, job.attempts) == ("completed", 1)
    assert set(before) <= set(await bench.backends("steve worker%"))
    assert not station.events.of(StatementFailed)
