"""From the claim to the end of a job: order, results, errors, retries, time limits."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

import steve
from original.asking import attempts_of, finished, known, rows
from original.conftest import Connection, Make
from original.handlers import LONG, Held, Told, attempt, fail
from steve import Job


async def test_the_order_is_by_start_then_by_id(make: Make) -> None:
    """The original claims by run_at, then id; so it is here while priorities are equal."""
    order: list[int] = []
    jobs = make(handlers={"t": lambda job: order.append(job.payload)})
    now = datetime.now(UTC)
    for n, minutes in enumerate((1, 3, 2, 2)):
        await jobs.create("t", n, run_at=now - timedelta(minutes=minutes))
    await jobs.create("t", 4, priority=1)
    last = await jobs.create("t", 5)
    await jobs.start(1)
    await jobs.wait(last, LONG)
    assert order == [4, 1, 2, 3, 0, 5]


async def test_a_claim(make: Make) -> None:
    """The original sets running, started_at and attempts + 1 in one statement; so it is here."""
    held = Held()
    jobs = make(handlers={"t": held})
    await jobs.start(1)
    job = await jobs.create("t")
    await held.started.wait()
    running = await known(jobs, job)
    assert (running.status, running.attempts) == ("running", 1)
    assert running.started_at is not None
    assert running.updated_at >= job.updated_at
    held.go.set()


async def test_each_job_is_claimed_once(make: Make) -> None:
    """The original's processors skip each other's locked rows; here workers share as well."""
    runs: Counter[str] = Counter()
    handlers = {"t": lambda job: runs.update([str(job.uid)])}
    one, two = make(handlers=handlers), make(handlers=handlers)
    await asyncio.gather(one.start(5), two.start(5))
    uids = await one.create_many([("t", n) for n in range(100)])
    for uid in uids:
        await two.wait(uid, LONG)
    assert runs == dict.fromkeys(map(str, uids), 1)


async def test_the_first_start_is_kept(make: Make) -> None:
    """The original preserves started_at across retries, and so it is here."""
    jobs = make(handlers={"f": fail})
    await jobs.start(1)
    job = await finished(jobs, "f", max_attempts=3, backoff_strategy="none")
    first, *_, last = await attempts_of(jobs, job)
    assert job.started_at == first.started_at
    assert first.started_at is not None
    assert last.started_at is not None
    assert last.started_at > first.started_at


async def test_a_success(make: Make) -> None:
    """The original stores status, result and end, and closes the attempt; so it is here."""
    jobs = make(handlers={"t": lambda job: {"hey": job.payload["name"]}})
    await jobs.start(1)
    job = await finished(jobs, "t", {"name": "ho"})
    assert (job.status, job.result, job.attempts) == ("completed", {"hey": "ho"}, 1)
    assert job.completed_at is not None
    assert job.completed_at == job.updated_at
    (only,) = await attempts_of(jobs, job)
    assert (only.status, only.error_message, only.error_details) == ("success", None, None)
    assert only.completed_at is not None


async def test_a_handler_that_returns_nothing(make: Make) -> None:
    """The original stores {} for nothing; here the result is None."""
    jobs = make(handlers={"t": lambda job: None})
    await jobs.start(1)
    job = await finished(jobs, "t")
    assert (job.status, job.result) == ("completed", None)


def cycle() -> object:
    circle: list[Any] = []
    circle.append(circle)
    return circle


async def test_a_result_that_json_cannot_hold(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The original completes with {message, details}; here with {error, repr} and a warning."""
    results = [cycle(), object(), float("nan")]
    jobs = make(handlers={"t": lambda job: results[job.payload]})
    with caplog.at_level(logging.WARNING, "steve"):
        await jobs.start(1)
        for n in range(len(results)):
            job = await finished(jobs, "t", n)
            assert (job.status, job.attempts) == ("completed", 1)
            assert set(job.result) == {"error", "repr"}
            assert job.result["error"] == "result not serialisable"
            assert str(job.uid) in caplog.text


async def test_an_error(make: Make) -> None:
    """The original keeps message and stack of an attempt; here type and traceback of it."""
    jobs = make(handlers={"f": fail})
    await jobs.start(1)
    job = await finished(jobs, "f", max_attempts=1)
    assert (job.status, job.result) == ("failed", None)
    assert job.completed_at is not None
    (only,) = await attempts_of(jobs, job)
    assert (only.status, only.error_message) == ("error", "Boom")
    assert only.error_details is not None
    assert only.error_details["type"] == "ValueError"
    assert "in fail" in only.error_details["traceback"]
    assert str(job.error) == "ValueError: Boom"


async def test_what_is_no_ordinary_error(make: Make) -> None:
    """The original takes whatever is thrown as text; here SystemExit and the like are errors."""

    def leave(job: Job) -> None:
        raise SystemExit("bye")

    jobs = make(handlers={"t": leave})
    await jobs.start(1)
    job = await finished(jobs, "t", max_attempts=1)
    assert (job.status, str(job.error)) == ("failed", "SystemExit: bye")


async def test_an_error_with_attempts_left(make: Make) -> None:
    """The original makes it pending, to start after the backoff, and so it is here."""
    jobs, told = make(handlers={"f": fail}), Told()
    told.everything(jobs)
    await jobs.start(1)
    job = await jobs.create("f")
    await told.until("attempt pending")
    found = await known(jobs, job)
    assert (found.status, found.attempts, found.completed_at) == ("pending", 1, None)
    assert found.run_at > job.run_at


async def test_an_error_and_then_a_success(make: Make) -> None:
    """The original completes a job whose later attempt succeeds, and so it is here."""

    def handle(job: Job) -> str:
        if job.attempts < 3:
            fail(job)
        return attempt(job)

    jobs = make(handlers={"t": handle})
    await jobs.start(1)
    job = await finished(jobs, "t", backoff_strategy="none")
    assert (job.status, job.result, job.attempts) == ("completed", "attempt 3", 3)
    statuses = [one.status for one in await attempts_of(jobs, job)]
    assert statuses == ["error", "error", "success"]


UNKNOWN = f"unknown-{uuid4().hex}"
DELAYS = [
    ("exp", 1, 2.0),
    ("exp", 2, 4.0),
    ("exp", 3, 8.0),
    ("exp", 30, 3600.0),
    ("none", 30, 0.0),
    (UNKNOWN, 2, 4.0),
]


async def test_the_backoff(
    make: Make, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """The original waits min(2ⁿ s, 1 h), 0 with none, exp and a warning if unknown; so here."""
    jobs, told = make(handlers={"f": fail}), Told()
    jobs.on_attempt("f", told.note("attempt"))
    made = [await jobs.create("f", max_attempts=number + 1) for _, number, _ in DELAYS]
    for job, (strategy, number, _) in zip(made, DELAYS, strict=True):
        await rows(
            connection,
            "update steve.job set attempts = %s, backoff_strategy = %s where uid = %s",
            number - 1,
            strategy,
            job.uid,
        )
    await jobs.start(len(DELAYS))
    await told.until("attempt pending", len(DELAYS))
    for job, (strategy, _, delay) in zip(made, DELAYS, strict=True):
        first = (await attempts_of(jobs, job))[0]
        retried = next(one for one in told.jobs if (one.uid, one.status) == (job.uid, "pending"))
        assert first.completed_at is not None
        waits = (retried.run_at - first.completed_at).total_seconds()
        assert abs(waits - delay) < 0.1, strategy
    assert len(caplog.records) == 1
    assert UNKNOWN in caplog.text


async def test_a_type_that_nobody_handles(make: Make) -> None:
    """The original completes it with {noop: true}; here it waits, unless noop was chosen."""
    jobs = make(handlers={"t": attempt})
    await jobs.start(1)
    unknown = await jobs.create("unknown")
    await finished(jobs, "t")
    assert (await known(jobs, unknown)).status == "pending"
    await make(handler=steve.noop).start(1)
    assert await jobs.result(unknown, LONG) == {"noop": True}


async def test_a_handler_that_comes_later(make: Make) -> None:
    """The original gives types handlers and takes them away at run time; here jobs wait."""
    jobs = make(handlers={"t": attempt, "late": attempt})
    await jobs.start(1)
    assert (await finished(jobs, "late")).result == "attempt 1"
    jobs.set_handler("late", None)
    job = await jobs.create("late")
    await finished(jobs, "t")
    assert (await known(jobs, job)).status == "pending"
    jobs.set_handler("late", lambda job: "here I am")
    assert await jobs.result(job, LONG) == "here I am"
