"""Workers that are silent without being dead."""

from __future__ import annotations

import signal
from pathlib import Path

import psycopg
import pytest

from steve import Jobs
from support.fleet import Fleet
from support.waiting import eventually

pytestmark = pytest.mark.timeout(60)
LEASE = 1.0


async def test_a_blocked_loop_keeps_its_job(migrated_dsn: str, tmp_path: Path) -> None:
    """A handler that blocks the event loop for three leases is not run a second time."""
    async with Jobs(migrated_dsn) as jobs:
        job = await jobs.create("block", {"seconds": 3 * LEASE})
        with Fleet(migrated_dsn, tmp_path, lease=LEASE) as fleet:
            fleet.keep(2)
            finished = await jobs.wait(job, timeout=30)
            starts = fleet.starts()[str(job.uid)]
    assert finished.status == "completed"
    assert finished.attempts == 1
    assert finished.crashes == 0
    assert len(starts) == 1


async def test_a_stopped_worker_changes_nothing_afterwards(
    migrated_dsn: str, tmp_path: Path
) -> None:
    """SIGSTOP for longer than the lease: others take over, and the sleeper's outcome is dropped."""
    async with Jobs(migrated_dsn) as jobs:
        job = await jobs.create("tick", {"seconds": LEASE})
        with Fleet(migrated_dsn, tmp_path, lease=LEASE) as fleet:
            paused = fleet.start()
            eventually(fleet.entries, within=20)
            paused.send_signal(signal.SIGSTOP)
            fleet.keep(2)
            eventually(lambda: len(fleet.starts()[str(job.uid)]) == 2, within=20)
            finished = await jobs.wait(job, timeout=20)
            paused.send_signal(signal.SIGCONT)
            # It comes back under a new id, and is of use again.
            for worker in fleet.running[1:]:
                fleet.kill(worker)
            after = await jobs.create("tick")
            again = await jobs.wait(after, timeout=20)
            assert fleet.starts()[str(after.uid)][0].pid == paused.pid
        unchanged, attempts = await jobs.find(job.uid, with_attempts=True)
    assert unchanged is not None
    assert attempts is not None
    assert again.status == "completed"
    assert again.worker != attempts[0].worker
    assert unchanged.attempt_id == finished.attempt_id
    assert unchanged.completed_at == finished.completed_at
    assert unchanged.result == {"pid": fleet.starts()[str(job.uid)][1].pid}
    assert [attempt.status for attempt in attempts] == ["lost", "success"]


async def test_a_term_lets_running_jobs_finish(migrated_dsn: str, tmp_path: Path) -> None:
    async with Jobs(migrated_dsn) as jobs:
        uids = await jobs.create_many(("tick", {"seconds": 0.5}) for _ in range(30))
        with Fleet(migrated_dsn, tmp_path, lease=LEASE) as fleet:
            fleet.keep(1)
            eventually(lambda: len(fleet.entries()) >= 10, within=20)
            codes = fleet.stop()
            starts = fleet.starts()
    assert codes == [0]
    with psycopg.connect(migrated_dsn, autocommit=True) as connection:
        rows = connection.execute(
            "select uid::text, status, attempts, refunded, crashes from steve.jobs"
        ).fetchall()
    completed = {uid for uid, status, *_ in rows if status == "completed"}
    assert completed == set(starts)
    assert len(rows) == len(uids)
    assert {(status, a - r, c) for uid, status, a, r, c in rows if uid not in completed} <= {
        ("pending", 0, 0)
    }
