"""Jobs whose worker is gone. In the original they expire; here they run again."""

from __future__ import annotations

import asyncio

from original.asking import attempts_of, give_to_the_dead, known, rows
from original.conftest import Connection, Make
from original.handlers import LONG, Held, Told, attempt
from steve import Jobs


async def test_how_many_were_taken(jobs: Jobs, connection: Connection) -> None:
    """The original's cleanup returns the number of jobs it took, and so it is here."""
    await give_to_the_dead(connection, *[await jobs.create("t") for _ in range(3)])
    assert await jobs.cleanup() == 3
    assert await jobs.cleanup() == 0


async def test_they_run_again(make: Make, connection: Connection) -> None:
    """The original makes them `expired`, for good; here they are pending, no attempt is spent."""
    jobs = make(handlers={"t": attempt})
    job = await jobs.create("t", max_attempts=1)
    await give_to_the_dead(connection, job)
    await jobs.cleanup()
    found = await known(jobs, job)
    assert (found.status, found.attempts, found.refunded, found.crashes) == ("pending", 1, 1, 1)
    await jobs.start(1)
    assert await jobs.result(job, LONG) == "attempt 2"


async def test_an_attempt_that_was_lost(jobs: Jobs, connection: Connection) -> None:
    """The original leaves the attempt's row open; here it is closed, and `lost`."""
    job = await jobs.create("t")
    await give_to_the_dead(connection, job)
    await jobs.cleanup()
    (lost,) = await attempts_of(jobs, job)
    assert lost.status == "lost"
    assert lost.completed_at is not None


async def test_ends_are_told(jobs: Jobs, connection: Connection) -> None:
    """The original calls onDone and the uid's own, not onAttempt; so here after max_crashes."""
    told, own = Told().everything(jobs), Told()
    job = await jobs.create("t", max_crashes=0, on_done=own.note("own"))
    await give_to_the_dead(connection, job)
    assert await jobs.cleanup() == 1
    await told.until("done failed")
    await own.until("own failed")
    assert told.words == ["failure failed", "done failed"]
    assert told.jobs[0].error is not None
    assert told.jobs[0].error.type == "WorkerLost"


async def test_slow_jobs_are_left_alone(make: Make, connection: Connection) -> None:
    """The original takes what runs for more than 5 minutes; here a job may take as long as it
    needs while its worker is alive."""
    held = Held()
    jobs = make(handlers={"t": held})
    await jobs.start(1)
    job = await jobs.create("t")
    await held.started.wait()
    await rows(connection, "update steve.job set attempted_at = attempted_at - interval '1 day'")
    assert await jobs.cleanup() == 0
    assert (await known(jobs, job)).status == "running"
    held.go.set()
    assert (await jobs.wait(job, LONG)).result == "done"


async def test_workers_clean_up_by_themselves(make: Make, connection: Connection) -> None:
    """The original does so if told to, every minute; here every worker does, all the time."""
    jobs = make(handlers={"t": attempt})
    await jobs.start(1)
    # Scheduled, so that the living worker does not take it first.
    job = await jobs.create("t", delay=3600)
    await give_to_the_dead(connection, job)
    async with asyncio.timeout(5):
        assert await jobs.result(job) == "attempt 2"


async def test_nothing_expires(make: Make, connection: Connection) -> None:
    """The original has the status `expired` for them; here no job with a dead worker gets it."""
    jobs = make()
    made = [await jobs.create("t", max_crashes=n) for n in (0, 1)]
    await give_to_the_dead(connection, *made)
    await jobs.cleanup()
    assert [(await known(jobs, job)).status for job in made] == ["failed", "pending"]
    assert await jobs.fetch_all("expired") == []
