"""Workers that die: nothing is lost, nothing is finished twice, nobody innocent pays."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from steve import Jobs
from support.fleet import Fleet
from support.waiting import eventually

pytestmark = pytest.mark.timeout(180)


def count(dsn: str, query: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def over(dsn: str) -> bool:
    return count(dsn, "select count(*) from steve.job") == 0


def registered(dsn: str) -> set[int]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return {pid for (pid,) in connection.execute("select pid from steve.worker").fetchall()}


async def test_a_poison_job_ends_alone(migrated_dsn: str, tmp_path: Path) -> None:
    """It kills four workers; 499 jobs with a single attempt beside it all complete."""
    async with Jobs(migrated_dsn) as jobs:
        items = [("tick", {"n": n}, {"max_attempts": 1}) for n in range(499)]
        items.insert(100, ("poison", {"n": 0}, {"max_attempts": 1}))
        uids = await jobs.create_many(items)
    with Fleet(migrated_dsn, tmp_path, lease=1.0) as fleet:

        def done() -> bool:
            fleet.keep(2)
            return over(migrated_dsn)

        eventually(done, within=90)
        poison = [entry for entry in fleet.entries() if entry.uid == str(uids[100])]
    async with Jobs(migrated_dsn) as jobs:
        statuses = Counter(job.status for job in await jobs.fetch_all(limit=1000))
        job, attempts = await jobs.find(uids[100], with_attempts=True)
    assert statuses == {"completed": 499, "failed": 1}
    assert job is not None
    assert attempts is not None
    assert job.status == "failed"
    assert job.error is not None
    assert job.error.type == "WorkerLost"
    assert job.crashes == 4
    assert [attempt.status for attempt in attempts] == ["lost"] * 4
    assert len(poison) == 4


async def test_a_storm_of_kills(migrated_dsn: str, tmp_path: Path) -> None:
    """10,000 jobs, three workers, one of them killed every second."""
    async with Jobs(migrated_dsn) as jobs:
        items = (("tick", {"seconds": 0.02, "n": n}, {"max_crashes": 100}) for n in range(10_000))
        uids = await jobs.create_many(items)
    with Fleet(migrated_dsn, tmp_path, lease=1.0) as fleet:
        fleet.keep(3)
        eventually(fleet.entries, within=30)
        next_kill = time.monotonic() + 1.0

        def done() -> bool:
            nonlocal next_kill
            if time.monotonic() >= next_kill:
                next_kill += 1.0
                fleet.kill(fleet.running[0])
            fleet.keep(3)
            return over(migrated_dsn)

        eventually(done, within=150)
        # A process that has not got to its signal handlers yet would just end.
        eventually(lambda: registered(migrated_dsn) >= {w.pid for w in fleet.running}, within=20)
        codes = fleet.stop()
        starts = fleet.starts()
        deaths = dict(fleet.deaths)
    assert len(deaths) >= 5, "the storm was over before it had begun"
    assert codes == [0, 0, 0]
    assert count(migrated_dsn, "select count(*) from steve.jobs where status = 'completed'") == len(
        uids
    )
    assert set(starts) == {str(uid) for uid in uids}
    for entries in starts.values():
        assert len({entry.attempt_id for entry in entries}) == len(entries)
        for earlier, later in itertools.pairwise(entries):
            # A job is started again only after the process that had it is dead.
            assert deaths[earlier.pid] <= later.at
    with psycopg.connect(migrated_dsn, autocommit=True) as connection:
        completed_by = dict(
            connection.execute("select uid::text, attempt_id from steve.jobs").fetchall()
        )
        gaps = connection.execute(
            """
            select j.uid from steve.jobs j
            where j.attempts <> 1 + (select count(*) from steve.attempt a where a.job_id = j.id)
            """
        ).fetchall()
    # The completing attempt was the last that was started, and every attempt is accounted for.
    assert all(completed_by[uid] == entries[-1].attempt_id for uid, entries in starts.items())
    assert gaps == []


async def test_effects_in_the_transaction_happen_once(migrated_dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(migrated_dsn, autocommit=True) as connection:
        connection.execute("create table effect (uid uuid)")
    async with Jobs(migrated_dsn) as jobs:
        items = (("effect", {"seconds": 0.02}, {"max_crashes": 100}) for _ in range(600))
        uids = await jobs.create_many(items)
    with Fleet(migrated_dsn, tmp_path, lease=1.0, concurrency=5) as fleet:
        fleet.keep(2)
        eventually(fleet.entries, within=30)
        for _ in range(4):
            time.sleep(0.4)  # noqa: ASYNC251 - the pace of the kills
            fleet.kill(fleet.running[0])
            fleet.keep(2)
        eventually(lambda: over(migrated_dsn), within=60)
        attempted = sum(len(entries) for entries in fleet.starts().values())
    assert attempted > len(uids), "no kill struck a running job"
    assert count(migrated_dsn, "select count(*) from effect") == len(uids)
    assert count(migrated_dsn, "select count(distinct uid) from effect") == len(uids)
