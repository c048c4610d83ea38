"""Callbacks with real workers: what is told, when, and in which order."""

from __future__ import annotations

import asyncio
import logging

import psycopg
import pytest

from integration.jobs.conftest import Make
from steve import Job, JobFailed, Jobs, NotInHandler
from support.waiting import eventually_async


class Told:
    """Notes what the callbacks of a manager are told."""

    def __init__(self, jobs: Jobs, type: str = "*") -> None:
        self.words: list[str] = []
        self.jobs: list[Job] = []
        self.ends = [
            jobs.on_attempt(type, self._note("attempt")),
            jobs.on_success(type, self._note("success")),
            jobs.on_failure(type, self._note("failure")),
            jobs.on_done(type, self._note("done")),
        ]

    def _note(self, word: str):
        def note(job: Job) -> None:
            self.words.append(f"{word} {job.status}")
            self.jobs.append(job)

        return note

    async def until(self, word: str) -> None:
        async def told() -> bool:
            return word in self.words

        await eventually_async(told, what=f"{word} among {self.words}")


async def test_a_success(make: Make) -> None:
    jobs = make(handlers={"t": lambda job: "ran"})
    told = Told(jobs)
    await jobs.start(1)
    job = await jobs.create("t")
    await told.until("done completed")
    assert told.words == [
        "attempt running",
        "attempt completed",
        "success completed",
        "done completed",
    ]
    running, completed = told.jobs[:2]
    assert {one.uid for one in told.jobs} == {job.uid}
    assert (running.attempts, running.result) == (1, None)
    assert running.started_at is not None
    assert (completed.result, completed.completed_at is not None) == ("ran", True)


async def test_retries_are_attempts_and_only_the_last_one_is_a_failure(make: Make) -> None:
    def fail(job: Job) -> None:
        raise ValueError(f"attempt {job.attempts}")

    jobs = make(handlers={"t": fail})
    told = Told(jobs)
    await jobs.start(1)
    await jobs.create("t", max_attempts=3, backoff_strategy="none")
    await told.until("done failed")
    assert told.words == [
        *("attempt running", "attempt pending") * 2,
        "attempt running",
        "attempt failed",
        "failure failed",
        "done failed",
    ]
    assert str(told.jobs[-1].error) == "ValueError: attempt 3"
    # The first start counts, also for later attempts.
    assert told.jobs[0].started_at == told.jobs[-1].started_at


async def test_a_cancellation_is_a_failure(make: Make) -> None:
    started = asyncio.Event()

    async def handle(job: Job) -> None:
        started.set()
        await asyncio.Event().wait()

    jobs = make(handlers={"t": handle})
    told = Told(jobs)
    await jobs.start(1)
    job = await jobs.create("t")
    await started.wait()
    await jobs.cancel(job)
    await told.until("done cancelled")
    assert told.words == [
        "attempt running",
        "attempt cancelled",
        "failure cancelled",
        "done cancelled",
    ]


async def test_the_end_is_told_after_the_commit(make: Make, shared_dsn: str) -> None:
    jobs = make(handlers={"t": lambda job: "ran"})
    seen: list[str] = []

    def look(job: Job) -> None:
        with psycopg.connect(shared_dsn) as connection:
            row = connection.execute(
                "select status from steve.jobs where uid = %s", (job.uid,)
            ).fetchone()
            assert row is not None
            seen.append(row[0])

    jobs.on_done("t", look)
    await jobs.start(1)
    await jobs.wait(await jobs.create("t"), 10)

    async def looked() -> bool:
        return bool(seen)

    await eventually_async(looked)
    assert seen == ["completed"]


async def test_what_a_callback_does_hurts_nobody(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = make(handlers={"t": lambda job: "ran"})

    def bad(job: Job) -> None:
        job.status = "failed"
        raise ValueError("bad callback")

    async def bad_later(job: Job) -> None:
        raise SystemExit(1)

    async def uses_the_job(job: Job) -> None:
        with pytest.raises(NotInHandler):
            job.signal  # noqa: B018 - a callback is no handler

    told = Told(jobs)
    jobs.on_attempt("*", bad)
    jobs.on_done("*", bad_later)
    jobs.on_done("*", uses_the_job)
    with caplog.at_level(logging.ERROR, "steve.events"):
        await jobs.start(1)
        job = await jobs.create("t", on_done=bad)
        assert await jobs.result(job, 10) == "ran"
        await told.until("done completed")
        await jobs.stop()
    assert len(caplog.records) == 4
    assert "failure" not in " ".join(told.words)


async def test_unsubscribing(make: Make) -> None:
    jobs = make(handlers={"t": lambda job: "ran"})
    told = Told(jobs)
    for end in told.ends:
        end()
    await jobs.start(1)
    await jobs.wait(await jobs.create("t"), 10)
    assert told.words == []


async def test_stopping_waits_for_callbacks(make: Make) -> None:
    jobs = make(handlers={"t": lambda job: "ran"})
    entered, done = asyncio.Event(), False

    async def slow(job: Job) -> None:
        nonlocal done
        entered.set()
        await asyncio.sleep(0.3)
        done = True

    jobs.on_done("t", slow)
    await jobs.start(1)
    await jobs.create("t")
    await entered.wait()
    await jobs.stop()
    assert done


async def test_a_callback_may_stop_the_work(make: Make) -> None:
    jobs = make(handlers={"t": lambda job: "ran"})
    stopped = asyncio.Event()

    async def stop(job: Job) -> None:
        await jobs.stop()
        stopped.set()

    jobs.on_done("t", stop)
    await jobs.start(1)
    await jobs.create("t")
    async with asyncio.timeout(4):
        await stopped.wait()
    assert not jobs.ready()


async def test_events_belong_to_the_manager_that_ran_the_job(make: Make) -> None:
    worker, other = make(handlers={"t": lambda job: "ran"}), make()
    told = Told(other)
    await worker.start(1)
    seen = asyncio.Event()
    job = await other.create("t", on_done=lambda job: seen.set())
    assert await other.result(job, 10) == "ran"
    async with asyncio.timeout(5):
        await seen.wait()
    assert told.words == []


async def test_on_done_comes_after_the_callbacks_of_the_type(make: Make) -> None:
    jobs = make(handlers={"t": lambda job: "ran"})
    told = Told(jobs)
    await jobs.start(1)
    done = asyncio.Event()

    def own(job: Job) -> None:
        told.words.append("own")
        done.set()

    await jobs.create("t", on_done=own)
    async with asyncio.timeout(5):
        await done.wait()
    assert told.words[-1] == "own"
    assert told.words.count("own") == 1


async def test_waiting_for_results(make: Make) -> None:
    def handle(job: Job) -> object:
        if job.payload == "fail":
            raise ValueError("no")
        return job.payload

    jobs = make(handlers={"t": handle})
    await jobs.start(4)
    values = [None, 0, "", [], {"a": [1]}, "text"]
    made = [await jobs.create("t", [value]) for value in values]
    assert await asyncio.gather(*(jobs.result(job, 10) for job in made)) == [[v] for v in values]
    failing = await jobs.create("t", "fail", max_attempts=1)
    with pytest.raises(JobFailed, match="ValueError: no") as caught:
        await jobs.result(failing.uid, timeout=10)
    assert caught.value.job.status == "failed"
    assert (await jobs.wait(str(failing.uid), 10)).status == "failed"
    with pytest.raises(TimeoutError):
        await jobs.result(await jobs.create("nobody"), timeout=0.1)
    with pytest.raises(ValueError, match="timeout"):
        await jobs.wait(failing, timeout=-1)
