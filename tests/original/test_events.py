"""Callbacks: when they are called, how often, in which order."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref

import pytest

from original.asking import finished
from original.conftest import Make
from original.handlers import LONG, Told, attempt, fail
from steve import Job, Jobs
from support.waiting import eventually_async


async def test_two_attempt_events_per_attempt(make: Make) -> None:
    """The original calls onAttempt at the start and the end of each attempt; so it is here."""
    jobs, told = make(handlers={"f": fail}), Told()
    jobs.on_attempt("f", told.note("attempt"))
    await jobs.start(1)
    await finished(jobs, "f", max_attempts=3, backoff_strategy="none")
    await told.until("attempt failed")
    assert told.words == [
        *("attempt running", "attempt pending") * 2,
        "attempt running",
        "attempt failed",
    ]


async def test_one_end_however_many_attempts(make: Make) -> None:
    """The original calls onDone once, not upon errors that are retried, and so it is here."""
    jobs, told = make(handlers={"f": fail}), Told()
    jobs.on_done("f", told.note("done"))
    await jobs.start(1)
    job = await finished(jobs, "f", max_attempts=5, backoff_strategy="none")
    await jobs.stop()
    assert job.attempts == 5
    assert told.words == ["done failed"]


async def test_successes_and_failures(make: Make) -> None:
    """The original (1.0) calls onSuccess, and onFailure when attempts are exhausted; so here."""
    jobs, told = make(handlers={"t": attempt, "f": fail}), Told()
    jobs.on_success(["t", "f"], told.note("success"))
    jobs.on_failure(["t", "f"], told.note("failure"))
    await jobs.start(1)
    await finished(jobs, "t")
    await finished(jobs, "f", max_attempts=2, backoff_strategy="none")
    await jobs.stop()
    assert told.words == ["success completed", "failure failed"]


async def test_a_cancelled_job_is_done_and_no_success(make: Make) -> None:
    """The original cannot cancel; here it is an end that onDone and onFailure are told of."""
    jobs, told = make(), Told()
    told.everything(jobs)
    await jobs.cancel(await jobs.create("t"))
    await told.until("done cancelled")
    assert told.words == ["failure cancelled", "done cancelled"]


async def test_the_order_at_the_end_of_a_job(make: Make) -> None:
    """The original: attempt, done, then the uid's own; here success or failure before done."""
    jobs, told = make(handlers={"t": attempt}), Told()
    told.everything(jobs)
    await jobs.start(1)
    await jobs.create("t", on_done=told.note("own"))
    await told.until("own completed")
    assert told.words == [
        "attempt running",
        "attempt completed",
        "success completed",
        "done completed",
        "own completed",
    ]


async def test_the_job_that_callbacks_get(make: Make) -> None:
    """The original passes the row as it is at that moment, and so it is here."""
    jobs, told = make(handlers={"t": attempt}), Told()
    told.everything(jobs)
    await jobs.start(1)
    job = await finished(jobs, "t")
    await told.until("done completed")
    running, done = told.jobs[0], told.jobs[-1]
    assert (running.uid, running.status, running.attempts) == (job.uid, "running", 1)
    assert (done.uid, done.result, done.completed_at) == (job.uid, job.result, job.completed_at)


async def test_the_attempts_of_one_job(make: Make) -> None:
    """The original's onAttemptFor(uid) tells of one job; here a callback looks at `job.uid`."""
    jobs, told = make(handlers={"t": attempt}), Told()
    jobs.on_attempt("t", told.note("attempt"))
    await jobs.start(1)
    mine = await finished(jobs, "t")
    await finished(jobs, "t")
    await told.until("attempt completed", 2)
    words = [w for w, job in zip(told.words, told.jobs, strict=True) if job.uid == mine.uid]
    assert words == ["attempt running", "attempt completed"]


class Note:
    """A callback that can be seen to go."""

    def __call__(self, job: Job) -> None: ...


async def test_a_jobs_own_callback_is_forgotten_at_its_end(make: Make) -> None:
    """The original drops callbacks of a uid when its job is over, and so it is here."""
    jobs = make(handlers={"t": attempt})
    await jobs.start(1)
    note = Note()
    gone = weakref.ref(note)
    await finished(jobs, "t", on_done=note)
    del note

    async def forgotten() -> bool:
        gc.collect()
        return gone() is None

    await eventually_async(forgotten)


async def test_whoever_asks_after_the_end(make: Make) -> None:
    """The original never calls a callback that comes late; here `wait` returns at once."""
    jobs = make(handlers={"t": attempt})
    await jobs.start(1)
    job = await finished(jobs, "t")
    assert (await jobs.wait(job.uid, LONG)).result == await jobs.result(job.uid, LONG)


async def test_the_same_callback_twice_is_one(make: Make) -> None:
    """The original ignores it unless skipIfExists is false; its end ends nothing; so here."""
    jobs, told = make(handlers={"t": attempt}), Told()
    note = told.note("done")
    jobs.on_done("t", note)
    jobs.on_done("t", note)()
    await jobs.start(1)
    await finished(jobs, "t")
    await jobs.stop()
    assert told.words == ["done completed"]
    jobs.on_done("t", note, skip_if_exists=False)
    await jobs.start(1)
    await finished(jobs, "t")
    await told.until("done completed", 3)


async def test_several_types_and_one_end(make: Make) -> None:
    """The original subscribes to a list of types, with one unsubscriber, and so it is here."""
    jobs, told = make(handlers={"t": attempt, "u": attempt, "v": attempt}), Told()
    unsubscribe = jobs.on_done(["t", "u"], told.note("done"))
    await jobs.start(1)
    for type in ("t", "u", "v"):
        await finished(jobs, type)
    await told.until("done completed", 2)
    unsubscribe()
    unsubscribe()
    for type in ("t", "u", "v"):
        await finished(jobs, type)
    await jobs.stop()
    assert [job.type for job in told.jobs] == ["t", "u"]


async def test_subscribing_again_after_the_end(make: Make) -> None:
    """The original's unsubscribeAll lets one subscribe anew; here each subscription is ended."""
    jobs, told = make(handlers={"t": attempt}), Told()
    note = told.note("done")
    jobs.on_done("t", note)()
    jobs.on_done("t", note)
    await jobs.start(1)
    await finished(jobs, "t")
    await told.until("done completed")


async def test_managers_that_share_a_callback(make: Make) -> None:
    """The original's instances are independent though they share one, and so it is here."""
    one, two, told = make(), make(handlers={"t": attempt}), Told()
    note = told.note("done")
    end = one.on_done("t", note)
    two.on_done("t", note)
    end()
    await two.start(1)
    await finished(two, "t")
    await two.stop()
    assert told.words == ["done completed"]


async def test_callbacks_that_raise(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The original logs errors of a type's callbacks, sync or async, and so it is here."""

    def bad(job: Job) -> None:
        raise ValueError("bad callback")

    async def worse(job: Job) -> None:
        raise ValueError("worse callback")

    jobs, told = make(handlers={"t": attempt}), Told()
    for callback in (bad, worse, told.note("done")):
        jobs.on_done("t", callback)
    with caplog.at_level(logging.ERROR, "steve.events"):
        await jobs.start(1)
        await finished(jobs, "t")
        await jobs.stop()
    assert told.words == ["done completed"]
    assert "bad callback" in caplog.text
    assert "worse callback" in caplog.text


async def test_no_work_waits_for_a_callback(make: Make) -> None:
    """The original's worker does not await callbacks, and so it is here."""
    go = asyncio.Event()

    async def slow(job: Job) -> None:
        await go.wait()

    jobs = make(handlers={"t": attempt})
    jobs.on_attempt("t", slow)
    await jobs.start(1)
    for _ in range(2):
        assert (await finished(jobs, "t")).status == "completed"
    go.set()


async def test_events_stay_in_their_process(make: Make, jobs: Jobs) -> None:
    """The original's are called where the job ran; so here, but create's own is everywhere."""
    worker, told, own = make(handlers={"t": attempt}), Told(), Told()
    told.everything(jobs)
    await worker.start(1)
    await jobs.create("t", on_done=own.note("own"))
    await own.until("own completed")
    assert told.words == []
