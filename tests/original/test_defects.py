"""The thirteen things that are wrong with the original, none of which is here."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic

import psycopg
import pytest

from original.asking import attempts_of, finished, known, rows, value
from original.conftest import Connection, Make
from original.handlers import LONG, Held, Told, attempt, fail
from original.program import Start
from steve import Backoff, Job, Jobs, OptionTypeError, PayloadError
from support.waiting import eventually_async

OLD = """
    select steve.create_partitions('3 days', steve.now() - interval '17 days');
    insert into steve.job_archive (id, uid, type, status, completed_at)
    select 1000000, gen_random_uuid(), 'old', 'completed', steve.now() - interval '16 days';
"""
DOOMED = """
async def doomed(job):
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(made(handlers={"t": doomed}, lease=1).run(1))
"""
ELSEWHERE = """
async def double(job):
    return 2 * job.payload

asyncio.run(made(handlers={"double": double}).run(1))
"""


async def test_cleanup_measures_from_the_first_attempt(make: Make, connection: Connection) -> None:
    """1. The original expires a healthy second attempt, as the first began long ago; here the
    age of a job does not matter, only whether its worker is alive."""
    held = Held()

    async def handle(job: Job) -> str:
        return fail(job) or "never" if job.attempts == 1 else await held(job)

    jobs = make(handlers={"t": handle})
    await jobs.start(1)
    job = await jobs.create("t", backoff_strategy="none")
    await held.started.wait()
    await rows(connection, "update steve.job set started_at = started_at - interval '1 hour'")
    assert await jobs.cleanup() == 0
    held.go.set()
    job = await jobs.wait(job, LONG)
    assert (job.status, job.result, job.attempts, job.crashes) == ("completed", "done", 2, 0)


async def test_no_fencing(
    make: Make, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """2. The original's worker that was given up overwrites what came after; here every finish
    names its attempt, and a late one is dropped."""
    started, go = asyncio.Event(), Event()
    loop = asyncio.get_running_loop()

    def outlive(job: Job) -> str:
        loop.call_soon_threadsafe(started.set)
        go.wait(LONG)
        return "late"

    zombie, other = make(handlers={"t": outlive}), make(handlers={"t": attempt})
    await zombie.start(1)
    job = await zombie.create("t")
    await started.wait()
    # As if it had been silent for longer than its lease.
    await rows(connection, "update steve.worker set expires_at = now() - interval '1 second'")
    assert await other.cleanup() == 1
    await other.start(1)
    assert await other.result(job, LONG) == "attempt 2"
    go.set()
    with caplog.at_level(logging.WARNING, "steve"):
        await zombie.stop()
    assert "its outcome is dropped" in caplog.text
    found = await known(other, job)
    assert (found.status, found.result) == ("completed", "attempt 2")


async def test_a_crash_loses_the_job(make: Make, jobs: Jobs, start: Start) -> None:
    """3. The original expires the job of a process that died, for good, its attempt left open;
    here it runs again, and the crash costs no attempt."""
    job = await jobs.create("t", max_attempts=1)
    assert await start(DOOMED).code() == -signal.SIGKILL
    survivor = make(handlers={"t": attempt})
    await survivor.start(1)
    assert await jobs.result(job, LONG) == "attempt 2"
    lost, second = await attempts_of(jobs, job)
    assert (lost.status, second.status) == ("lost", "success")
    assert lost.completed_at is not None


async def test_claims_are_blind_to_types(make: Make) -> None:
    """4. The original's worker completes what it has no handler for, in silence; here it leaves
    such jobs to those who have one, and health names their types."""
    behind = make(handlers={"old": attempt})
    await behind.start(2)
    job = await behind.create("new")
    await finished(behind, "old")
    assert (await known(behind, job)).attempts == 0
    assert (await behind.health()).unhandled_types == ["new"]
    await make(handlers={"new": attempt}).start(1)
    assert await behind.result(job, LONG) == "attempt 1"


async def test_events_end_with_the_process(jobs: Jobs, start: Start) -> None:
    """5. The original tells nobody in other processes; here they can wait for a job, get its
    result, and be called back."""
    told = Told()
    job = await jobs.create("double", 21, on_done=told.note("own"))
    start(ELSEWHERE)
    assert await jobs.result(job, LONG) == 42
    assert (await jobs.wait(job, LONG)).status == "completed"
    await told.until("own completed")


async def test_callbacks_of_one_job_can_hurt_it(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """6. The original's callbacks for a uid may fail a job that has completed, or leave it
    running; here whatever a callback raises is logged."""

    def bad(job: Job) -> None:
        raise ValueError("bad callback")

    async def worse(job: Job) -> None:
        raise ValueError("worse callback")

    async def logged() -> bool:
        bad, worse = (caplog.text.count(f"ValueError: {it} callback") for it in ("bad", "worse"))
        return (bad, worse) == (5, 1)

    jobs, told = make(handlers={"t": attempt}), Told()
    jobs.on_attempt("t", bad)
    jobs.on_attempt("t", told.note("attempt"))
    await jobs.start(1)
    with caplog.at_level(logging.ERROR, "steve.events"):
        made = [await jobs.create("t", max_attempts=2, on_done=call) for call in (bad, worse)]
        await told.until("attempt completed", 2)
        # Two attempts with two events each, and one callback of a job's own.
        await eventually_async(logged)
    for job in made:
        found = await known(jobs, job)
        assert (found.status, found.attempts, found.error) == ("completed", 1, None)


async def test_transactions_mix_on_one_connection(make: Make, connection: Connection) -> None:
    """7. The original's processors share a single client, and so each other's transactions; here
    a connection is refused, and a handler's transaction is its own."""
    with pytest.raises(OptionTypeError):
        make(connection)
    await rows(connection, "create table if not exists note (text text)")
    both = asyncio.Barrier(2)

    async def write(job: Job) -> None:
        async with job.transaction() as own:
            await own.execute("insert into note values (%s)", (job.payload,))
            await both.wait()
            if job.payload == "bad":
                fail(job)

    jobs = make(handlers={"t": write})
    await jobs.start(2)
    made = [await jobs.create("t", text, max_attempts=1) for text in ("bad", "good")]
    assert [(await jobs.wait(job, LONG)).status for job in made] == ["failed", "completed"]
    assert await rows(connection, "select text from note") == [("good",)]


async def test_create_cannot_join_a_transaction(jobs: Jobs, shared_dsn: str) -> None:
    """8. The original's create is a transaction of its own, one job at a time; here it joins the
    caller's, and many are created at once, all or none."""
    with suppress(psycopg.Rollback):
        async with await psycopg.AsyncConnection.connect(shared_dsn) as own:
            await jobs.create("t", connection=own)
            await jobs.create_many([("t", n) for n in range(3)], connection=own)
            raise psycopg.Rollback
    assert await jobs.fetch_all() == []
    async with await psycopg.AsyncConnection.connect(shared_dsn) as own:
        job = await jobs.create("t", connection=own)
        assert (await jobs.find(job)).job is None
    assert (await jobs.find(job)).job is not None
    with pytest.raises(PayloadError):
        await jobs.create_many([("t", 1), ("t", float("nan"))])
    assert len(await jobs.create_many(("t", n) for n in range(1000))) == 1000
    assert len(await jobs.fetch_all(limit=2000)) == 1001


async def test_resetting_is_for_the_first_call_only(dsn: str, make: Make) -> None:
    """9. The original's resetHard does nothing later, uninstall breaks the instance, and first
    uses may collide; here all of it works at any time."""
    managers = [make(dsn) for _ in range(5)]
    await asyncio.gather(*(jobs.create("t") for jobs in managers))
    jobs = managers[0]
    assert len(await jobs.fetch_all()) == 5
    await jobs.reset()
    assert await jobs.fetch_all() == []
    await jobs.create("t")
    await jobs.uninstall()
    await jobs.create("t")
    assert len(await jobs.fetch_all()) == 1


async def test_nothing_is_ever_removed(
    migrated_dsn: str, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """10. The original keeps all jobs, in one table, with 32-bit ids; here finished ones leave
    the hot table, old ones are removed, and ids have 64 bits."""
    async with await psycopg.AsyncConnection.connect(migrated_dsn, autocommit=True) as own:
        await own.execute(OLD)
        jobs = make(migrated_dsn, handlers={"t": attempt})
        assert len(await jobs.fetch_all(type="old")) == 1

        async def removed() -> bool:
            return "removed jobs past their retention" in caplog.text

        with caplog.at_level(logging.INFO, "steve"):
            await jobs.start(1)
            await eventually_async(removed)
        assert await jobs.fetch_all(type="old") == []
        job = await finished(jobs, "t")
        assert (await known(jobs, job)).result == "attempt 1"
        assert await value(own, "select count(*) from steve.job") == 0
        assert await value(own, "select pg_typeof(id)::text from steve.jobs") == "bigint"


async def test_a_stuck_handler_blocks_the_stop(make: Make) -> None:
    """11. The original waits for ever, and knows no SIGINT (see test_shutdown); here `grace` is
    the bound, and a job whose handler does not end then is given back."""
    started, go = asyncio.Event(), Event()
    loop = asyncio.get_running_loop()

    def stuck(job: Job) -> None:
        loop.call_soon_threadsafe(started.set)
        go.wait(60)

    jobs = make(handlers={"t": stuck}, grace=0.1)
    await jobs.start(1)
    job = await jobs.create("t", max_attempts=1)
    await started.wait()
    began = monotonic()
    await jobs.stop()
    assert monotonic() - began < 15
    found = await known(jobs, job)
    assert (found.status, found.attempts, found.refunded) == ("pending", 1, 1)
    go.set()


async def test_old_jobs_are_hidden(jobs: Jobs, connection: Connection) -> None:
    """12. The original's fetchAll shows the last 30 minutes, without a filter by type, a count
    or a cursor; here nothing is hidden, and there are all three."""
    await jobs.create_many([("tu"[n % 2], n) for n in range(20)])
    await rows(connection, "update steve.job set created_at = created_at - interval '1 year'")
    assert len(await jobs.fetch_all(limit=50)) == 20
    assert {job.type for job in await jobs.fetch_all(type="u")} == {"u"}
    assert (await jobs.health()).counts == {"pending": 20}
    page = await jobs.fetch_all()
    rest = await jobs.fetch_all(after=page[-1])
    assert [job.payload for job in [*page, *rest]] == list(range(19, -1, -1))


async def test_a_retry_forgets_the_schedule(make: Make) -> None:
    """13. The original overwrites run_at with each retry, and its delays have no jitter; here
    scheduled_at stays, and a Backoff may have one."""
    jobs, told = make(handlers={"f": fail}), Told()
    jobs.on_attempt("f", told.note("attempt"))
    wanted = datetime.now(UTC) - timedelta(hours=1)
    made = [
        await jobs.create("f", run_at=wanted, backoff_strategy=Backoff(factor=50, jitter=0.5))
        for _ in range(5)
    ]
    await jobs.start(5)
    await told.until("attempt pending", 5)
    delays: set[float] = set()
    for job in made:
        found = await known(jobs, job)
        assert found.scheduled_at == wanted
        (first,) = await attempts_of(jobs, job)
        assert first.completed_at is not None
        delays.add((found.run_at - first.completed_at).total_seconds())
    assert 50 <= min(delays) < max(delays) - 0.01 < 150
