"""Partitions: made ahead of time, and removed when they are past their retention."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from steve.core.settings import Retention
from steve.maintenance.partitions import Partitions
from steve.telemetry.catalogue import AttemptEnded, PartitionBusy, PartitionsRemoved
from steve.telemetry.telemetry import Telemetry
from support.events import Events
from support.waiting import eventually_async
from support.workers import Bench, bench_on

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from steve.core.job import Job
    from support.databases import Databases

DAY = 86_400.0
PARENTS = ("job_archive_completed", "job_archive_other", "attempt")


class Tending:
    """The partitions of a bench, with a short memory for completed jobs."""

    def __init__(
        self,
        bench: Bench,
        completed: float | None,
        other: float | None,
        log: float | None = None,
    ) -> None:
        telemetry = Telemetry()
        self.events = Events(telemetry)
        self.partitions = Partitions(
            bench.run,
            lambda: bench.database.connect(name="steve worker partitions"),
            "steve",
            Retention(completed, other, log),
            telemetry,
        )

    @property
    def removed(self) -> list[str]:
        return [name for event in self.events.of(PartitionsRemoved) for name in event.names]


async def names(bench: Bench, parent: str) -> list[str]:
    """The partitions that exist, attached or not."""
    rows = await bench.sql(
        "select relname from pg_class where relnamespace = 'steve'::regnamespace "
        "and relkind = 'r' and relname ~ %s order by 1",
        f"^{parent}_[0-9]{{8}}$",
    )
    return [name for (name,) in rows]


OLD = """
    select steve.create_partitions('3 days', steve.now() - interval '30 days');
    insert into steve.job_archive (id, uid, type, status, completed_at, error, attempts)
    select d, gen_random_uuid(), 'old', s, steve.now() - d * interval '1 day', e::jsonb, 1
    from unnest(array[1, 5, 15, 25]) as d,
        (values ('completed', null), ('failed', '{"type": "E", "message": ""}')) as v (s, e);
"""


@pytest.fixture(scope="module")
def old_template(databases: Databases, migrated_template: str) -> Iterator[str]:
    """A database with jobs that ended 1, 5, 15 and 25 days ago. Only to be copied."""
    name = databases.create(migrated_template)
    with psycopg.connect(databases.dsn(name), autocommit=True) as connection:
        connection.execute(OLD)
    yield name
    databases.drop(name)


@pytest.fixture
async def old(databases: Databases, old_template: str) -> AsyncGenerator[Bench, None]:
    """A copy of it for one test."""
    with databases.temporary(old_template) as dsn:
        async with bench_on(dsn, tidy=False) as bench:
            yield bench


async def ages(bench: Bench, status: str) -> list[int]:
    rows = await bench.sql(
        "select id from steve.jobs where type = 'old' and status = %s order by id", status
    )
    return [id for (id,) in rows]


async def test_completed_jobs_and_others_have_a_retention_each(old: Bench) -> None:
    tending = Tending(old, 10 * DAY, 11 * DAY)
    await tending.partitions.tend()
    assert await ages(old, "completed") == [1, 5]
    # By the week: a partition goes when all that is in it is old enough.
    assert await ages(old, "failed") in ([1, 5], [1, 5, 15])
    assert tending.removed
    assert not tending.events.of(PartitionBusy)
    for parent in PARENTS:
        left = await names(old, parent)
        assert left
        assert not {*left} & {*tending.removed}
    # Attempts are kept as long as the longer of the two.
    assert (await names(old, "attempt"))[0][-8:] == (await names(old, "job_archive_other"))[0][-8:]
    assert await old.backends("steve worker partitions") == []
    await tending.partitions.tend()
    assert len(tending.events.of(PartitionsRemoved)) == 1


async def test_nothing_goes_when_everything_is_kept(old: Bench) -> None:
    before = [await names(old, parent) for parent in PARENTS]
    tending = Tending(old, None, None)
    assert await tending.partitions.remove_expired() == []
    assert [await names(old, parent) for parent in PARENTS] == before


async def test_the_log_has_a_retention_of_its_own(old: Bench) -> None:
    await old.sql(
        "insert into steve.log select d, 1, 1, steve.now() - d * interval '1 day', 20, 'hello' "
        "from unnest(array[1, 5, 15, 25]) as d"
    )
    tending = Tending(old, None, None, 10 * DAY)
    await tending.partitions.tend()
    assert await old.sql("select id from steve.log order by id") == [(1,), (5,)]
    assert {name[:-9] for name in tending.removed} == {"log"}
    assert len(await ages(old, "completed")) == 4


async def test_attempts_stay_when_one_kind_of_job_is_kept(old: Bench) -> None:
    tending = Tending(old, 4 * DAY, None)
    await tending.partitions.remove_expired()
    assert await ages(old, "completed") == [1]
    assert len(await ages(old, "failed")) == 4
    assert all(name.startswith("job_archive_completed") for name in tending.removed)


async def test_what_is_missing_ahead_is_made(own_bench: Bench) -> None:
    *_, last = await names(own_bench, "job_archive_completed")
    await own_bench.sql(f"drop table steve.{last}")
    await Tending(own_bench, DAY, DAY).partitions.tend()
    assert (await names(own_bench, "job_archive_completed"))[-1] == last
    ((days,),) = await own_bench.sql(
        "select %s::date - current_date", last.removeprefix("job_archive_completed_")
    )
    assert days >= 14


async def test_old_dead_workers_are_forgotten(own_bench: Bench) -> None:
    await own_bench.sql(
        "insert into steve.worker (name, host, pid, version, channel, queues, concurrency, lease, "
        "expires_at, died_at, death, swept_at) "
        "select n, 'h', 1, '', '', '{}', 1, 1, t, t, 'lost', case when n <> 'full' then t end "
        "from (values ('old', now() - interval '15 days'), ('fresh', now()), "
        "('full', now() - interval '15 days')) as v (n, t)"
    )
    await Tending(own_bench, DAY, DAY).partitions.tend()
    assert await own_bench.sql("select name from steve.worker order by 1") == [
        ("fresh",), ("full",),
    ]  # fmt: skip


@asynccontextmanager
async def reader(bench: Bench) -> AsyncGenerator[None, None]:
    """Somebody who has read the view and has forgotten to end his transaction."""
    async with await psycopg.AsyncConnection.connect(bench.dsn) as connection:
        await connection.execute("select count(*) from steve.jobs")
        yield
        await connection.rollback()


async def test_finishes_go_on_while_a_forgotten_reader_holds_up_a_removal(old: Bench) -> None:
    async def handler(job: Job) -> None:
        if job.payload % 3 == 0:
            raise ValueError

    tending = Tending(old, 10 * DAY, 11 * DAY)
    station = await old.worker({"t": handler}, concurrency=4)
    waits: list[float] = []

    async def keep_finishing() -> None:
        count = 0
        while not done.is_set():
            count += 1
            at = monotonic()
            await old.create("t", count, max_attempts=1)
            await station.events.wait(AttemptEnded, count=count)
            waits.append(monotonic() - at)

    done = asyncio.Event()
    async with reader(old):
        finishing = asyncio.create_task(keep_finishing())
        await tending.partitions.tend()
        done.set()
        await finishing
        assert len(tending.events.of(PartitionBusy)) > 15
        # Nobody has read the attempts.
        assert {name[:-9] for name in tending.removed} == {"attempt"}
        # Each of them may have waited for one lock request of 200 ms that was given up, not more.
        assert len(waits) > 10
        assert max(waits) < 1.0
        # Another time it is no better, and no worse.
        await tending.partitions.tend()
        assert {name[:-9] for name in tending.removed} == {"attempt"}
    await tending.partitions.tend()
    assert {event.name for event in tending.events.of(PartitionBusy)} <= {*tending.removed}
    assert await ages(old, "completed") == [1, 5]


async def blocked(bench: Bench, condition: str, *values: object) -> None:
    """Wait until a session waits for a lock."""

    async def look() -> bool:
        return bool(
            await bench.sql(
                "select 1 from pg_stat_activity where datname = current_database() "
                f"and wait_event_type = 'Lock' and {condition}",
                *values,
            )
        )

    await eventually_async(look, what="a session that waits for a lock")


async def test_a_reader_whose_snapshot_is_older_than_a_removal_ends_well(old: Bench) -> None:
    """With DETACH … CONCURRENTLY PostgreSQL 18.6 crashed here, given just 33 partitions: what the
    plan was made for and what the snapshot saw were not the same."""
    *surplus, victim = (await names(old, "job_archive_completed"))[:-32]
    await old.sql("drop table " + ", ".join(f"steve.{name}" for name in surplus))
    tending = Tending(old, 4 * DAY, None)
    async with (
        await psycopg.AsyncConnection.connect(old.dsn) as holder,
        await psycopg.AsyncConnection.connect(old.dsn) as reading,
    ):
        await reading.execute("set plan_cache_mode = force_generic_plan")
        await reading.execute(
            "prepare page (text[]) as select id from steve.jobs "
            "where $1 is null or status = any($1) order by id desc limit 10"
        )
        await reading.commit()
        await reading.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        await reading.execute("select 1")
        table = Identifier("steve", victim)
        await holder.execute(SQL("lock table {} in access share mode").format(table))
        removing = asyncio.create_task(tending.partitions.remove_expired())
        await blocked(old, "application_name = 'steve worker partitions'")
        looking = asyncio.create_task(reading.execute("execute page ('{completed}')"))
        await asyncio.wait(
            {looking, asyncio.create_task(blocked(old, "pid = %s", reading.info.backend_pid))},
            return_when=asyncio.FIRST_COMPLETED,
        )
        await holder.rollback()
        await asyncio.wait_for(looking, 10)
        await reading.rollback()
        await asyncio.wait_for(removing, 30)
    await tending.partitions.remove_expired()
    assert victim not in await names(old, "job_archive_completed")


async def test_a_removal_that_was_interrupted_is_completed(old: Bench) -> None:
    first, second, third = (await names(old, "job_archive_completed"))[:3]
    await old.sql(f"alter table steve.job_archive_completed detach partition steve.{first}")
    async with reader(old):
        await old.sql("set lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await old.sql(
                f"alter table steve.job_archive_completed "
                f"detach partition steve.{second} concurrently"
            )
        await old.sql("reset lock_timeout")
        # Neither of them keeps anybody from making new ones.
        assert (await old.sql("select steve.create_partitions('25 days')"))[0][0] >= 4
        tending = Tending(old, 20 * DAY, None)
        await tending.partitions.tend()
        # Nobody reads what is detached; the half detached one has to wait, and with it all others:
        # PostgreSQL does one at a time.
        assert first in tending.removed
        assert {second, third} <= {event.name for event in tending.events.of(PartitionBusy)}
    await tending.partitions.tend()
    assert {first, second, third} <= {*tending.removed}
    assert not {first, second, third} & {*await names(old, "job_archive_completed")}


async def test_two_who_remove_the_same_do_no_harm(old: Bench) -> None:
    tendings = [Tending(old, 10 * DAY, 11 * DAY) for _ in range(3)]
    for _ in range(3):
        await asyncio.gather(*(tending.partitions.tend() for tending in tendings))
    assert await ages(old, "completed") == [1, 5]
    removed = [name for tending in tendings for name in tending.removed]
    assert len(removed) == len({*removed})
    assert not {*removed} & {name for parent in PARENTS for name in await names(old, parent)}
