"""Creating a job: what comes back, and what every option means."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from original.asking import finished, known
from original.conftest import Make
from original.handlers import LONG, Told, attempt, fail
from steve import Jobs, OptionError, OptionTypeError


async def test_the_whole_job_comes_back(jobs: Jobs) -> None:
    """The original's create returns the row, and so it is here."""
    job = await jobs.create("t", {"a": 1})
    assert isinstance(job.uid, UUID)
    assert (job.type, job.payload, job.status, job.attempts) == ("t", {"a": 1}, "pending", 0)
    found = await known(jobs, job)
    assert (found.id, found.created_at, found.run_at) == (job.id, job.created_at, job.run_at)


async def test_nothing_needs_to_be_started(make: Make) -> None:
    """The original creates before it is started, and runs such jobs later, and so it is here."""
    jobs = make(handlers={"t": attempt})
    job = await jobs.create("t")
    await jobs.start(1)
    assert await jobs.result(job, LONG) == "attempt 1"


async def test_what_is_left_out(jobs: Jobs) -> None:
    """The original has payload {}, 3 attempts, exp, no time limit, now, and so it is here."""
    job = await jobs.create("t")
    assert (job.payload, job.max_attempts, job.backoff_strategy) == ({}, 3, "exp")
    assert job.timeout is None
    assert job.run_at == job.created_at


async def test_a_payload_of_any_shape(jobs: Jobs) -> None:
    """The original's payload is an object; here it is any JSON."""
    for payload in ([1, 2], "text", 0, False, {"deep": [{"er": None}]}):
        assert (await known(jobs, await jobs.create("t", payload))).payload == payload


@pytest.mark.parametrize(("type", "error"), [("", OptionError), (None, OptionTypeError)])
async def test_a_type_is_required(jobs: Jobs, type: Any, error: type[Exception]) -> None:
    """The original throws a TypeError; here "" is a ValueError, what is no text a TypeError."""
    with pytest.raises(error, match="type"):
        await jobs.create(type)
    assert issubclass(OptionError, ValueError)
    assert issubclass(OptionTypeError, TypeError)


async def test_a_later_start(make: Make) -> None:
    """The original starts nothing before run_at, and so it is here."""
    jobs = make(handlers={"t": attempt})
    start = datetime.now(UTC) + timedelta(hours=1)
    later = await jobs.create("t", run_at=start)
    await jobs.start(1)
    await finished(jobs, "t")
    found = await known(jobs, later)
    assert (found.status, found.run_at) == ("pending", start)


async def test_a_start_that_comes(make: Make) -> None:
    """The original starts a job within a poll interval of run_at; here when it is due."""
    jobs = make(handlers={"t": attempt}, poll_interval=60)
    await jobs.start(1)
    await finished(jobs, "t")
    job = await finished(jobs, "t", run_at=datetime.now(UTC) + timedelta(seconds=0.3))
    assert job.started_at is not None
    assert job.started_at >= job.run_at


@pytest.mark.parametrize("when", ["2031-01-01T00:00:00Z", "", 1_900_000_000_000])
async def test_a_start_in_text_or_numbers(jobs: Jobs, when: Any) -> None:
    """The original converts text and numbers, "" is now; here they are a TypeError."""
    with pytest.raises(OptionTypeError, match="run_at"):
        await jobs.create("t", run_at=when)


async def test_a_start_without_a_time_zone(jobs: Jobs) -> None:
    """The original's dates are instants; here a naive datetime is a ValueError, not a guess."""
    with pytest.raises(OptionError, match="naive"):
        await jobs.create("t", run_at=datetime(2031, 1, 1))


async def test_no_start_at_all_is_now(jobs: Jobs) -> None:
    """The original takes null for now, and so it is here with None."""
    job = await jobs.create("t", run_at=None)
    assert job.run_at == job.created_at


async def test_a_backoff_strategy_is_checked(jobs: Jobs) -> None:
    """The original takes any text; here an unknown one is a ValueError that names the others."""
    assert (await jobs.create("t", backoff_strategy="none")).backoff_strategy == "none"
    with pytest.raises(OptionError, match="exp"):
        await jobs.create("t", backoff_strategy="sometimes")


async def test_no_attempts_at_all(jobs: Jobs) -> None:
    """The original runs a job with max_attempts 0 once; here it is a ValueError."""
    with pytest.raises(OptionError, match="max_attempts"):
        await jobs.create("t", max_attempts=0)


async def test_a_time_limit_of_nothing(jobs: Jobs) -> None:
    """The original's 0 ms is no limit; here that is None, and 0 is a ValueError."""
    assert (await jobs.create("t", timeout=None)).timeout is None
    assert (await jobs.create("t", timeout=1.5)).timeout == 1.5
    with pytest.raises(OptionError, match="timeout"):
        await jobs.create("t", timeout=0)


@pytest.mark.parametrize(("type", "status"), [("t", "completed"), ("f", "failed")])
async def test_a_callback_of_its_own(make: Make, type: str, status: str) -> None:
    """The original calls create's onDone once, when the job is over, and so it is here."""
    jobs, told = make(handlers={"t": attempt, "f": fail}), Told()
    await jobs.start(1)
    await jobs.create(type, max_attempts=2, backoff_strategy="none", on_done=told.note("own"))
    await told.until(f"own {status}")
    await jobs.stop()
    assert told.words == [f"own {status}"]


async def test_many_create_at_the_same_time(jobs: Jobs) -> None:
    """The original may be asked to create concurrently, also at first, and so it is here."""
    made = await asyncio.gather(*(jobs.create("t", n) for n in range(20)))
    assert len({job.uid for job in made}) == len({job.id for job in made}) == 20
