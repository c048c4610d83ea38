"""Starting and stopping, handlers, and how the whole is doing."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from original.asking import finished, known, rows
from original.conftest import Connection, Make
from original.handlers import LONG, Held, attempt, fail
from steve import ConnectionFailed, Job, Jobs, SteveError
from support.network import unused_port


async def test_two_at_once_unless_told_otherwise(make: Make) -> None:
    """The original starts 2 processors; here 2 handlers run at once."""
    jobs = make()
    await jobs.start()
    (worker,) = (await jobs.health()).workers
    assert worker.concurrency == 2


async def test_so_many_run_at_once(make: Make) -> None:
    """The original has N loops, each with one job; here N handlers run at once, not one more."""
    running = asyncio.Semaphore(3)
    all_there = asyncio.Barrier(3)

    async def handle(job: Job) -> None:
        assert not running.locked()
        async with running:
            await all_there.wait()

    jobs = make(handlers={"t": handle})
    await jobs.start(3)
    uids = await jobs.create_many([("t", n, {"max_attempts": 1}) for n in range(6)])
    assert {(await jobs.wait(uid, LONG)).status for uid in uids} == {"completed"}


async def test_a_second_start_only_warns(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The original warns upon a second start and adds no processors, and so it is here."""
    jobs = make()
    await jobs.start(2)
    with caplog.at_level(logging.WARNING, "steve"):
        await jobs.start(2)
    assert "no effect" in caplog.text
    assert [worker.concurrency for worker in (await jobs.health()).workers] == [2]


async def test_a_start_during_a_stop_is_an_error(make: Make) -> None:
    """The original throws while a shutdown is in progress; here it is a SteveError."""
    held = Held()
    jobs = make(handlers={"t": held})
    await jobs.start(1)
    await jobs.create("t")
    await held.started.wait()
    stopping = asyncio.create_task(jobs.stop())
    await asyncio.sleep(0)
    with pytest.raises(SteveError, match="a stop is under way"):
        await jobs.start(1)
    held.go.set()
    await stopping


async def test_a_start_fails_fast(make: Make) -> None:
    """The original's start rejects when it cannot prepare its tables; here within a bound."""
    jobs = make(f"postgresql://127.0.0.1:{unused_port()}/shop", connect_timeout=0.2)
    async with asyncio.timeout(LONG):
        with pytest.raises(ConnectionFailed, match="/shop"):
            await jobs.start(1)


async def test_start_and_stop_and_start(make: Make) -> None:
    """The original can be started again after a stop, and so it is here."""
    jobs = make(handlers={"t": attempt})
    for _ in range(2):
        await jobs.start(1)
        assert (await finished(jobs, "t")).status == "completed"
        await jobs.stop()


async def test_what_is_there_already_is_claimed_at_once(make: Make) -> None:
    """The original claims before it waits for the first time, and so it is here."""
    jobs = make(handlers={"t": attempt}, poll_interval=60)
    job = await jobs.create("t")
    await jobs.start(1)
    assert (await jobs.wait(job, LONG)).status == "completed"


async def test_a_stop_waits_for_running_jobs(make: Make) -> None:
    """The original waits for all running jobs, for ever; here until `grace` is over."""
    held = Held()
    jobs = make(handlers={"t": held})
    await jobs.start(1)
    job = await jobs.create("t")
    await held.started.wait()
    stopping = asyncio.create_task(jobs.stop())
    done, _ = await asyncio.wait({stopping}, timeout=0.1)
    assert not done
    held.go.set()
    await stopping
    assert (await known(jobs, job)).result == "done"
    assert held.cancelled == 0


async def test_stopping_what_does_not_run(jobs: Jobs) -> None:
    """The original's stop is safe when nothing runs, and so it is here."""
    await jobs.stop()
    await jobs.stop()


async def test_idle_workers_stop_at_once(make: Make) -> None:
    """The original's idle processors end with their poll interval; here they end at once."""
    jobs = make(handlers={"t": attempt}, poll_interval=60)
    await jobs.start(2)
    await finished(jobs, "t")
    began = monotonic()
    await jobs.stop()
    assert monotonic() - began < 5


async def test_what_has_not_started_survives_a_stop(make: Make) -> None:
    """The original leaves pending and scheduled jobs in the database, and so it is here."""
    held = Held()
    jobs = make(handlers={"t": held}, grace=0.1)
    await jobs.start(1)
    await jobs.create("t")
    await held.started.wait()
    waiting = await jobs.create("t")
    scheduled = await jobs.create("t", run_at=datetime.now(UTC) + timedelta(hours=1))
    await jobs.stop()
    for job in (waiting, scheduled):
        assert (await known(jobs, job)).status == "pending"


async def test_the_manager_is_of_use_after_a_stop(make: Make) -> None:
    """The original can be asked and given jobs when it is stopped, and so it is here."""
    jobs = make()
    await jobs.start(1)
    await jobs.stop()
    job = await jobs.create("t")
    assert (await known(jobs, job)).uid == job.uid


def test_setting_and_removing_handlers() -> None:
    """The original's setHandler chains, and removes when given nothing, and so it is here."""
    jobs = Jobs()
    assert jobs.set_handler("t", attempt).set_handler("u", attempt) is jobs
    assert jobs.has_handler("t")
    assert not jobs.set_handler("t", None).has_handler("t")
    assert jobs.has_handler("u")


def test_a_fallback_counts_as_a_handler() -> None:
    """The original's hasHandler counts the global one, and so it is here."""
    assert Jobs(handler=attempt).has_handler("anything")
    assert not Jobs().has_handler("anything")


def test_resetting_handlers() -> None:
    """The original's resetHandlers drops those of types and the global one, and so it is here."""
    jobs = Jobs(handler=attempt, handlers={"t": attempt})
    jobs.reset_handlers()
    assert not jobs.has_handler("t")
    assert not jobs.has_handler("anything")
    assert jobs.set_handler("t", attempt).has_handler("t")


async def test_health_counts_by_status(make: Make) -> None:
    """The original has a row per status with its mean duration; here by type and queue as well."""
    jobs = make(handlers={"t": attempt, "f": fail})
    await jobs.start(2)
    for type in ("t", "t", "f"):
        await finished(jobs, type, max_attempts=1)
    await jobs.create("nobody")
    health = await jobs.health()
    assert health.counts == {"completed": 2, "failed": 1, "pending": 1}
    (completed,) = (row for row in health.jobs if row.status == "completed")
    assert completed.mean is not None
    assert 0 <= completed.mean < LONG


async def test_health_looks_back_an_hour(make: Make, connection: Connection) -> None:
    """The original counts jobs created within 60 minutes; here it counts ends, and all live."""
    jobs = make(handlers={"t": attempt})
    await jobs.start(1)
    await finished(jobs, "t")
    waiting = await jobs.create("nobody")
    await rows(
        connection,
        "update steve.job set created_at = created_at - interval '1 day' where uid = %s",
        waiting.uid,
    )
    assert (await jobs.health()).counts == {"completed": 1, "pending": 1}
    assert (await jobs.health(since=0)).counts == {"pending": 1}
