"""Work that does not get done: workers that are lost, jobs that nobody takes."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from steve import Jobs
from support.command import Steve
from support.examining import looked, sql
from support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.any_postgres


async def test_a_killed_worker_that_nobody_replaces(migrated_dsn: str, tmp_path: Path) -> None:
    steve = Steve(tmp_path, migrated_dsn)
    uid = steve.create("slow")
    with steve.running("worker", "app:jobs") as process:
        eventually(lambda: steve.status(uid) == "running", 20, what="a running job")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    assert (await looked(migrated_dsn, "workers")).status == "ok"
    # Half a minute of silence, and then some.
    sql(migrated_dsn, "update steve.worker set expires_at = expires_at - interval '2 minutes'")
    found = await looked(migrated_dsn, "workers")
    assert (found.status, found.exit_code) == ("error", 15)
    assert f"pid {process.pid} on " in found.found[0]
    assert "has been silent for " in found.found[0]
    assert "holds 1 job" in found.found[0]
    assert "start a worker" in found.remedy[0]
    async with Jobs(migrated_dsn) as jobs:
        assert await jobs.cleanup() == 1
    assert (await looked(migrated_dsn, "workers")).status == "ok"


async def test_a_worker_whose_row_was_deleted(migrated_dsn: str) -> None:
    """Its jobs would run for ever: the SQL makes them known to the next rescue."""
    held_by_somebody(migrated_dsn)
    sql(migrated_dsn, "delete from steve.worker")
    async with Jobs(migrated_dsn) as jobs:
        assert await jobs.cleanup() == 0
        found = await looked(migrated_dsn, "workers")
        assert found.status == "error"
        assert "no row any more" in found.found[0]
        sql(migrated_dsn, *found.sql)
        assert await jobs.cleanup() == 1
    assert (await looked(migrated_dsn, "workers")).status == "ok"


async def test_a_dead_worker_that_still_holds_jobs(migrated_dsn: str) -> None:
    held_by_somebody(migrated_dsn)
    sql(
        migrated_dsn,
        "update steve.worker set died_at = now() - interval '1 minute', death = 'lost'",
    )
    found = await looked(migrated_dsn, "workers")
    assert found.status == "error"
    assert "died 60 seconds ago and still holds 1 job" in found.found[0]


def held_by_somebody(dsn: str) -> None:
    sql(
        dsn,
        "select steve.create_job('t')",
        "insert into steve.worker (name, host, pid, version, channel, queues, concurrency, lease, "
        "expires_at) values ('one', 'here', 1, '0', 'c', '{default}', 1, 30, now())",
        "update steve.job set status = 'running', attempts = 1, attempted_at = now(), "
        "attempt_id = nextval('steve.attempt_id'), worker = (select id from steve.worker)",
    )


async def test_jobs_that_nobody_handles(migrated_dsn: str) -> None:
    sql(migrated_dsn, "select steve.create_job('odd one')")
    found = await looked(migrated_dsn, "types")
    assert (found.status, found.exit_code) == ("warning", 16)
    assert "1 job of type 'odd one' in queue 'default'" in found.found[0]
    assert "no worker is alive" in found.found[0]
    async with Jobs(migrated_dsn, handlers={"other": noop}, handle_signals=False) as jobs:
        await jobs.start()
        found = await looked(migrated_dsn, "types")
        assert "no live worker of the queue handles the type" in found.found[0]
        assert "steve cancel --type 'odd one'" in found.remedy[0]
        sql(migrated_dsn, "select steve.create_job('other', queue => 'elsewhere')")
        found = await looked(migrated_dsn, "types")
        assert any("no live worker serves the queue" in text for text in found.found)
        sql(migrated_dsn, "update steve.job set run_at = now() - interval '1 hour'")
        assert (await looked(migrated_dsn, "types")).status == "error"
        sql(migrated_dsn, "select steve.cancel_job(uid) from steve.job")
        assert (await looked(migrated_dsn, "types")).status == "ok"
        await jobs.stop()


async def noop(job: object) -> None: ...


async def test_jobs_that_wait_too_long(migrated_dsn: str) -> None:
    """A worker is there that handles them, and it is busy with something else."""
    sql(
        migrated_dsn,
        "insert into steve.worker (name, host, pid, version, channel, queues, concurrency, lease, "
        "expires_at) values ('one', 'here', 1, '0', 'c', '{default,mail}', 1, 3600, "
        "now() + interval '1 hour')",
        "select steve.create_job('a', run_at => now() - interval '10 minutes'), "
        "steve.create_job('b', queue => 'mail', run_at => now() - interval '3 hours'), "
        "steve.create_job('b', queue => 'mail')",
    )
    found = await looked(migrated_dsn, "backlog")
    assert (found.status, found.exit_code) == ("error", 17)
    assert found.found == [
        "2 jobs of type 'b' ready in queue 'mail', the oldest for 3 hours",
        "1 job of type 'a' ready in queue 'default', the oldest for 10 minutes",
    ]
    async with Jobs(migrated_dsn) as jobs:
        await jobs.queues.pause("mail")
    found = await looked(migrated_dsn, "backlog")
    assert found.status == "warning"
    assert len(found.found) == 1
