"""Time limits, and the signal that tells a handler to stop."""

from __future__ import annotations

import asyncio

from original.asking import attempts_of, finished
from original.conftest import Make
from original.handlers import LONG, Held
from steve import Job


async def test_an_attempt_that_takes_too_long(make: Make) -> None:
    """The original fails it with "Execution timed out", as any error, and so it is here."""
    held = Held()
    jobs = make(handlers={"t": held})
    await jobs.start(1)
    job = await finished(jobs, "t", timeout=0.1, max_attempts=2, backoff_strategy="none")
    assert job.status == "failed"
    messages = [one.error_message for one in await attempts_of(jobs, job)]
    assert messages == ["Execution timed out"] * 2
    assert str(job.error) == "TimeoutError: Execution timed out"


async def test_the_handler_is_told(make: Make) -> None:
    """The original aborts its AbortSignal; here async handlers are cancelled, with a reason."""
    reasons: list[str | None] = []

    async def handle(job: Job) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            reasons.append(job.signal.reason)

    jobs = make(handlers={"t": handle})
    await jobs.start(1)
    await finished(jobs, "t", timeout=0.1, max_attempts=1)
    assert reasons == ["timeout"]


async def test_a_late_result_counts_for_nothing(make: Make) -> None:
    """The original drops the result of who ignores the signal; so here, for threads as well."""

    def stubborn(job: Job) -> str:
        job.signal.wait(LONG)
        return "late"

    jobs = make(handlers={"t": stubborn})
    await jobs.start(1)
    job = await finished(jobs, "t", timeout=0.1, max_attempts=1)
    assert (job.status, job.result) == ("failed", None)
    assert job.error is not None
    assert job.error.message == "Execution timed out"


async def test_no_limit_no_timeout(make: Make) -> None:
    """The original passes no signal without a limit; here it is there always, just not set."""
    seen: list[bool] = []
    jobs = make(handlers={"t": lambda job: seen.append(job.signal.is_set())})
    await jobs.start(1)
    assert (await finished(jobs, "t")).status == "completed"
    assert seen == [False]


async def test_in_time_is_in_time(make: Make) -> None:
    """The original lets a handler be that keeps its limit, and so it is here."""
    jobs = make(handlers={"t": lambda job: job.timeout})
    await jobs.start(1)
    job = await finished(jobs, "t", timeout=LONG)
    assert (job.status, job.result) == ("completed", LONG)
