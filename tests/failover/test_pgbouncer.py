"""PgBouncer in transaction mode between everybody and the database."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import conninfo

from failover.resumption import everybody_went_on
from steve import Job, Jobs
from steve.telemetry.catalogue import ListenRestored, ListenUnavailable
from storm.bouncer import KillBouncer, PgBouncer, PooledPair
from storm.driver import Plan, Storm
from storm.faults.processes import KillWorker
from storm.pair import Failover
from support.events import Events
from support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = [pytest.mark.failover, pytest.mark.timeout(240)]

KEPT = "connections after everybody had stopped"
"""A finding that is none here: the pooler keeps connections."""


@pytest.fixture
async def pooled_dsn(place: Path, migrated_dsn: str) -> AsyncGenerator[str, None]:
    """The way to the test's own database that leads through PgBouncer."""
    own = conninfo.conninfo_to_dict(migrated_dsn)
    known: dict[str, Any] = {
        name: own[name] for name in ("host", "port", "user", "password") if name in own
    }
    bouncer = PgBouncer(place, conninfo.make_conninfo(**known))
    await bouncer.start()
    try:
        yield f"postgresql://127.0.0.1:{bouncer.port}/{own['dbname']}?sslmode=disable"
    finally:
        bouncer.stop()


async def test_a_failover_behind_pgbouncer(place: Path, postgres_binaries: Path | None) -> None:
    """An administrator, or a program of theirs, lets PgBouncer lead to the new primary."""
    plan = Plan(25.0, 1, (Failover,), binaries=postgres_binaries, server=PooledPair)
    storm = Storm(plan, place)
    verdict = await storm.run()
    assert [found for found in verdict.findings() if not found.endswith(KEPT)] == []
    assert isinstance(storm.server, PooledPair)
    everybody_went_on(verdict.history.lines, storm.server.promoted)
    workers = [member for member in storm.crew.gone if member.what == "worker"]
    assert len(workers) == 3
    for worker in workers:
        said = worker.log.read_text().splitlines()
        # Where the pooler is very busy, it may take the echo that does not come.
        assert len([line for line in said if "listen_db" in line]) == 1


async def test_deaths_of_pgbouncer_and_of_workers(
    place: Path, postgres_binaries: Path | None
) -> None:
    plan = Plan(20.0, 1, (KillBouncer, KillWorker), binaries=postgres_binaries, server=PooledPair)
    verdict = await Storm(plan, place).run()
    assert [found for found in verdict.findings() if not found.endswith(KEPT)] == []


async def test_polling_takes_the_place_of_notifications(pooled_dsn: str) -> None:
    async with manager(pooled_dsn, poll_interval=0.5) as (jobs, events):
        event = await events.wait(ListenUnavailable)
        assert event.reason.startswith("a transaction pooler is in between")
        for _ in range(5):
            assert await pickup(jobs) < 1.5
        await asyncio.sleep(3.0)
        assert len(events.of(ListenUnavailable)) == 1


async def test_a_direct_way_for_notifications(pooled_dsn: str, migrated_dsn: str) -> None:
    async with manager(pooled_dsn, poll_interval=30.0, listen_db=migrated_dsn) as (jobs, events):

        async def works() -> bool:
            runtime = jobs._runtime
            return runtime is not None and runtime.listener.working

        await eventually_async(works)
        for _ in range(5):
            assert await pickup(jobs) < 1.0
        assert not events.of(ListenUnavailable)
        assert not events.of(ListenRestored)


async def test_everything_works(pooled_dsn: str) -> None:
    """One call of each kind, and jobs of each kind of handler."""
    async with manager(pooled_dsn, poll_interval=0.2) as (jobs, _):
        assert await jobs.result(await jobs.create("both", {"n": 2}), timeout=10) == 4
        assert await jobs.result(await jobs.create("thread", {"n": 3}), timeout=10) == 6
        made = await jobs.create_many([("both", {"n": n}) for n in range(300)])
        ended = await asyncio.gather(*(jobs.wait(uid, 20) for uid in made))
        assert {job.status for job in ended} == {"completed"}
        later = await jobs.create("both", {"n": 1}, run_at=datetime.now(UTC) + timedelta(hours=1))
        assert await jobs.cancel(later)
        assert (await jobs.wait(later, 5)).status == "cancelled"
        assert await jobs.retry(later)
        await jobs.queues.pause("default")
        await jobs.queues.resume("default")
        await jobs.cleanup()
        await jobs.health()


@asynccontextmanager
async def manager(dsn: str, **settings: Any) -> AsyncGenerator[tuple[Jobs, Events], None]:
    """A manager with a worker, and what its runtime says."""
    jobs = Jobs(dsn, handle_signals=False, grace=2.0, **settings)
    events = Events(jobs._telemetry)

    @jobs.handler("both")
    async def both(job: Job) -> int:
        await job.progress(0.5)
        async with job.transaction() as connection:
            cursor = await connection.execute("select %s::integer * 2", [job.payload["n"]])
            row = await cursor.fetchone()
        assert row is not None
        return row[0]

    @jobs.handler("thread")
    def thread(job: Job) -> int:
        with job.transaction() as connection:
            row = connection.execute("select %s::integer * 2", [job.payload["n"]]).fetchone()
        assert row is not None
        return row[0]

    @jobs.handler("clock")
    async def clock(job: Job) -> float:
        return time.monotonic()

    try:
        await jobs.start(10)
        yield jobs, events
    finally:
        await jobs.close()


async def pickup(jobs: Jobs) -> float:
    """Seconds from a create to the handler's start, by a worker that has gone to sleep."""
    await asyncio.sleep(1.0)
    began = time.monotonic()
    return await jobs.result(await jobs.create("clock"), timeout=40) - began
