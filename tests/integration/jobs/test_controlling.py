"""Cancelling, retrying and deleting: one, many, or whatever a filter matches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from integration.jobs.conftest import Connection, Make
from steve import Job, JobRunning, Jobs, OptionError, OptionTypeError
from steve.core.uid import uuid7
from steve.database.execute import execute
from steve.jobs import controlling
from steve.operations.control import retry
from support.waiting import eventually_async


async def statuses(connection: Connection) -> dict[UUID, str]:
    cursor = await connection.execute("select uid, status from steve.jobs")
    return dict(await cursor.fetchall())


async def count(connection: Connection, status: str) -> int:
    return list((await statuses(connection)).values()).count(status)


@pytest.fixture
async def running(make: Make) -> AsyncGenerator[Job, None]:
    """A job whose handler runs until it is told to stop."""
    worker = make()
    started = asyncio.Event()

    @worker.handler("endless")
    async def endless(job: Job) -> None:
        started.set()
        await asyncio.Event().wait()

    await worker.start(1)
    job = await worker.create("endless")
    async with asyncio.timeout(10):
        await started.wait()
    yield job
    await worker.cancel(job)


async def test_cancelling_one(jobs: Jobs, connection: Connection) -> None:
    one, other = await jobs.create("t"), await jobs.create("t")
    assert await jobs.cancel(one.uid) == [one.uid]
    assert await statuses(connection) == {one.uid: "cancelled", other.uid: "pending"}
    assert await jobs.cancel(one.uid) == []
    assert await jobs.cancel(uuid7()) == []


async def test_cancelling_several_in_any_form(jobs: Jobs, connection: Connection) -> None:
    made = [await jobs.create("t") for _ in range(4)]
    given: list[Any] = [made[0], made[1].uid, str(made[2].uid), made[0].uid, uuid7()]
    assert set(await jobs.cancel(given)) == {job.uid for job in made[:3]}
    assert await count(connection, "pending") == 1
    assert await jobs.cancel([]) == []
    assert await jobs.cancel(job.uid for job in made[3:]) == [made[3].uid]


async def test_a_running_job_is_cancelled_within_a_second(jobs: Jobs, running: Job) -> None:
    assert await jobs.cancel(running) == [running.uid]
    job = await jobs.wait(running, timeout=5)
    assert job.status == "cancelled"
    # The request counts as the change, and is made once.
    assert await jobs.cancel(running) == []


async def test_cancelling_by_a_filter(jobs: Jobs, connection: Connection) -> None:
    a = await jobs.create_many([("a", n, {"tags": ["x"]}) for n in range(5)])
    b = await jobs.create_many([("b", n) for n in range(5)])
    assert set(await jobs.cancel(type="a", tag="x")) == set(a)
    assert await jobs.cancel(type="a") == []
    # The newest first, as in fetch_all.
    assert set(await jobs.cancel(type="b", limit=2)) == {b[4], b[3]}
    assert await jobs.cancel(status="pending", limit=1, ascending=True) == [b[0]]
    assert await jobs.cancel(status="failed") == []
    assert set(await jobs.cancel(status=None)) == {b[1], b[2]}
    assert await count(connection, "cancelled") == 10


async def test_many_more_than_a_batch(
    jobs: Jobs, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controlling, "BATCH", 7)
    uids = await jobs.create_many([("t", n) for n in range(40)])
    assert set(await jobs.cancel(type="t", limit=16)) == set(uids[24:])
    assert set(await jobs.cancel(uids)) == set(uids[:24])
    assert set(await jobs.retry(status="cancelled")) == set(uids)
    assert set(await jobs.delete(uids[:20])) == set(uids[:20])
    assert set(await jobs.delete(queue="default", offset=2)) == set(uids[20:38])
    assert await jobs.delete(status=None, after=uids[39]) == [uids[38]]
    assert set(await statuses(connection)) == {uids[39]}


@pytest.mark.parametrize("verb", ["cancel", "retry", "delete"])
async def test_nobody_means_all_by_saying_nothing(jobs: Jobs, verb: str) -> None:
    act = getattr(jobs, verb)
    with pytest.raises(OptionTypeError, match="which jobs"):
        await act()
    with pytest.raises(OptionError, match="both"):
        await act(uuid7(), type="a")
    with pytest.raises(OptionTypeError, match="unknown option 'colour'"):
        await act(colour="red")
    with pytest.raises(OptionTypeError):
        await act([3])
    with pytest.raises(ValueError, match="malformed"):
        await act([uuid7(), "nonsense"])
    with pytest.raises(OptionError, match="unknown status"):
        await act(status="done")


async def test_retrying(jobs: Jobs, connection: Connection) -> None:
    job = await jobs.create("t", {"a": 1}, max_attempts=1)
    assert await jobs.retry(job) == []
    await jobs.cancel(job)
    assert await jobs.retry(job) == [job.uid]
    again = (await jobs.find(job)).job
    assert again is not None
    assert (again.status, again.payload, again.id) == ("pending", {"a": 1}, job.id)


async def test_a_completed_job_comes_back_only_by_force(make: Make) -> None:
    jobs = make()
    jobs.set_handler("t", lambda job: job.attempts)
    await jobs.start(1)
    job = await jobs.create("t", max_attempts=1)
    assert await jobs.result(job, 10) == 1
    assert await jobs.retry(job) == []
    assert await jobs.retry(type="t") == []
    assert await jobs.retry(type="t", force=True) == [job.uid]
    done = await jobs.wait(job, 10)
    assert (done.result, done.attempts) == (2, 2)
    _, attempts = await jobs.find(job, with_attempts=True)
    assert attempts is not None
    assert [attempt.status for attempt in attempts] == ["success", "success"]


async def test_starts_are_what_is_left_after_a_retry(make: Make) -> None:
    jobs = make()

    def fail(job: Job) -> None:
        raise ValueError("no")

    jobs.set_handler("t", fail)
    await jobs.start(1)
    job = await jobs.create("t", max_attempts=1, backoff_strategy="none")
    assert (await jobs.wait(job, 10)).attempts == 1
    assert await jobs.retry(job, starts=3) == [job.uid]
    assert (await jobs.wait(job, 10)).attempts == 4
    for bad in (0, 40_000):
        with pytest.raises(OptionError, match="starts"):
            await jobs.retry(job, starts=bad)
    with pytest.raises(OptionTypeError, match="force"):
        await jobs.retry(job, force=1)  # pyright: ignore[reportArgumentType]


async def test_deleting(jobs: Jobs, connection: Connection) -> None:
    made = [await jobs.create("t") for _ in range(4)]
    await jobs.cancel(made[0])
    assert set(await jobs.delete([made[0], made[1]])) == {made[0].uid, made[1].uid}
    assert await jobs.delete(made[0]) == []
    assert (await jobs.find(made[0])).job is None
    assert set(await statuses(connection)) == {made[2].uid, made[3].uid}


async def somebody_waits(connection: Connection) -> bool:
    cursor = await connection.execute("select from pg_locks where not granted")
    return cursor.rowcount > 0


async def test_a_job_on_its_way_out_of_the_archive_is_deleted(
    jobs: Jobs, connection: Connection, shared_dsn: str
) -> None:
    job = await jobs.create("t")
    await jobs.cancel(job)
    async with await psycopg.AsyncConnection.connect(shared_dsn) as other:
        await execute(other, retry([job.uid], starts=1, force=False), "steve")
        deleting = asyncio.create_task(jobs.delete(job))
        await eventually_async(lambda: somebody_waits(connection))
        await other.commit()
    assert await deleting == [job.uid]
    assert await statuses(connection) == {}


async def test_a_deadlock_is_not_the_end_of_a_deletion(
    jobs: Jobs, connection: Connection, shared_dsn: str
) -> None:
    uids = sorted([(await jobs.create("t")).uid for _ in range(3)])
    lock = "select from steve.job where uid = %s for update"
    async with await psycopg.AsyncConnection.connect(
        shared_dsn, options="-c deadlock_timeout=1min"
    ) as other:
        await other.execute(lock, [uids[-1]])
        deleting = asyncio.create_task(jobs.delete(uids))
        await eventually_async(lambda: somebody_waits(connection))
        await other.execute(lock, [uids[0]])
    assert set(await deleting) == set(uids)


@pytest.mark.parametrize("batch", [500, 1])
async def test_a_running_job_is_not_deleted_and_neither_are_the_others(
    jobs: Jobs,
    running: Job,
    connection: Connection,
    batch: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(controlling, "BATCH", batch)
    other = await jobs.create("t")
    with pytest.raises(JobRunning) as caught:
        await jobs.delete([other, running])
    assert caught.value.uids == [running.uid]
    assert set(await statuses(connection)) == {running.uid, other.uid}
    with pytest.raises(JobRunning):
        await jobs.delete(running)
    with pytest.raises(JobRunning) as caught:
        await jobs.delete(status=["running", "pending"])
    assert caught.value.uids == [running.uid]
    # A filter that does not ask for them passes them over.
    assert await jobs.delete(status=None) == [other.uid]
    assert await statuses(connection) == {running.uid: "running"}


async def test_deleting_takes_the_attempts_along(make: Make, connection: Connection) -> None:
    jobs = make()

    def fail(job: Job) -> None:
        raise ValueError("no")

    jobs.set_handler("t", fail)
    await jobs.start(1)
    job = await jobs.create("t", max_attempts=2, backoff_strategy="none")
    await jobs.wait(job, 10)
    assert await jobs.delete(type="t") == [job.uid]
    cursor = await connection.execute("select count(*) from steve.attempt")
    assert await cursor.fetchone() == (0,)


async def test_cancelling_what_has_not_started_is_told_here(jobs: Jobs, running: Job) -> None:
    seen: list[tuple[str, str]] = []
    jobs.on_failure("*", lambda job: seen.append(("failure", job.status)))
    jobs.on_done("*", lambda job: seen.append(("done", job.status)))
    jobs.on_attempt("*", lambda job: seen.append(("attempt", job.status)))
    job = await jobs.create("t")
    await jobs.cancel([job, running])
    await jobs.wait(running, 5)
    # The running one is told by the manager that ran it.
    assert seen == [("failure", "cancelled"), ("done", "cancelled")]
