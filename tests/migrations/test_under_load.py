"""An upgrade while workers and producers of then go on, and those of now are started."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from migrations.conftest import Package
from steve import Jobs
from steve.sql import migrations
from support.examining import examined, looked, sql
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.any_postgres, pytest.mark.timeout(180)]

HEAD = len(migrations("steve"))
ENOUGH = 100
"""Jobs that each of two packages has completed since."""
REST = "fixed factor=8 jitter=0"
"""Long enough to be between two attempts while the schema is upgraded."""


class Fleet:
    """Processes of both packages on one database, and what they have written."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.gate = folder / "gate"
        self.folder = folder
        self._processes = ExitStack()
        self._started = 0

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *exception: object) -> None:
        self._processes.close()

    def worker(self, package: Package, **more: str) -> subprocess.Popen[bytes]:
        return self._start(package, "steve", "worker", "upgrading:jobs", "--concurrency=8", **more)

    def producer(self, package: Package) -> subprocess.Popen[bytes]:
        return self._start(package, "upgrading")

    def _start(self, package: Package, *module: str, **more: str) -> subprocess.Popen[bytes]:
        self._started += 1
        out, err = (
            self._processes.enter_context((self.folder / f"{self._started}.{end}").open("wb"))
            for end in ("out", "err")
        )
        process = subprocess.Popen(
            [sys.executable, "-m", *module], cwd=self.folder, stdout=out, stderr=err,
            env=package.environment(self.dsn, UPGRADE_GATE=str(self.gate), **more),
        )  # fmt: skip
        self._processes.callback(process.wait)
        self._processes.callback(process.kill)
        return process

    def stop(self, *processes: subprocess.Popen[bytes]) -> None:
        for process in processes:
            process.terminate()
        assert [process.wait(20) for process in processes] == [0] * len(processes), self.errors()

    def created(self) -> set[str]:
        """What the producers say that they have created."""
        return {uid for file in self.folder.glob("*.out") for uid in file.read_text().split()}

    def errors(self) -> str:
        return "".join(file.read_text() for file in self.folder.glob("*.err"))

    def create(self, type: str, payload: str = "{}", **options: Any) -> str:
        given = "".join(f", {name} => '{value}'" for name, value in options.items())
        call = f"select steve.create_job('{type}', '{payload}'::jsonb{given})"
        return str(sql(self.dsn, call)[0][0])

    def state(self, uid: str) -> tuple[str, Any]:
        """The status of a job, and its result."""
        return sql(self.dsn, f"select status, result from steve.jobs where uid = '{uid}'")[0]

    def becomes(self, status: str, *uids: str) -> None:
        for uid in uids:
            eventually(lambda uid=uid: self.state(uid)[0] == status, 30, what=f"{uid} {status}")

    def comes_to(self, condition: str, uid: str) -> None:
        """Wait until something holds of a live job."""
        look = f"select uid from steve.job where uid = '{uid}' and {condition}"
        eventually(lambda: sql(self.dsn, look), 30, what=condition)


@pytest.fixture
def fleet(first_dsn: str, tmp_path: Path) -> Iterator[Fleet]:
    with Fleet(first_dsn, tmp_path) as fleet:
        yield fleet


async def test_then_and_now_finish_their_jobs(
    fleet: Fleet, first_landed: Package, today: Package
) -> None:
    then, now = str(first_landed.source), str(today.source)
    uids = in_all_states(fleet, first_landed)
    old = [fleet.worker(first_landed), fleet.producer(first_landed)]
    fleet.becomes("running", uids["running"], uids["to be cancelled"])
    fleet.comes_to("attempts = 1 and status = 'pending'", uids["failed once"])
    fleet.comes_to("parked", uids["parked"])
    eventually(lambda: len(fleet.created()) > ENOUGH, 30, what="some load")

    today.run(fleet.dsn, "migrate")
    moment = sql(fleet.dsn, f"select applied_at from steve.migration where version = {HEAD}")[0][0]

    # Those of then go on, all by themselves at first.
    completed = (
        "select count(*) from steve.jobs where status = 'completed' and type = 'quick' "
        f"and created_at > '{moment}' and result = to_jsonb('%s'::text)"
    )
    eventually(lambda: sql(fleet.dsn, completed % then)[0][0] > ENOUGH, 30, what="jobs of then")
    new = [fleet.worker(today, UPGRADE_NEW_TYPE="yes"), fleet.producer(today)]
    eventually(lambda: sql(fleet.dsn, completed % now)[0][0] > ENOUGH, 30, what="jobs of now")
    before = sql(fleet.dsn, completed % then)[0][0]
    eventually(lambda: sql(fleet.dsn, completed % then)[0][0] > before, 30, what="both at once")

    await steered(fleet, uids)
    fleet.gate.touch()
    await all_end_well(fleet, uids, then, now)
    fleet.stop(old[1], new[1])
    live = "select from steve.job where run_at < now()"
    eventually(lambda: not sql(fleet.dsn, live), 30, what="end of all jobs")
    fleet.stop(old[0], new[0])
    assert "Traceback" not in fleet.errors()
    nothing_was_lost(fleet)
    found = await examined(fleet.dsn, skip=["snapshots", "vacuum", "types"])
    assert {check.name: check.findings for check in found.checks if check.status != "ok"} == {}


def in_all_states(fleet: Fleet, package: Package) -> dict[str, str]:
    """Jobs as a worker of then leaves them behind, or holds them."""
    uids = {
        "completed": fleet.create("quick"),
        "failed": fleet.create("moody", '{"failures": 99}', max_attempts=1),
        "to be retried": fleet.create("moody", '{"failures": 1}', max_attempts=1),
    }
    first = fleet.worker(package)
    fleet.becomes("completed", uids["completed"])
    fleet.becomes("failed", uids["failed"], uids["to be retried"])
    uids["lost"] = fleet.create("deadly", '{"deaths": 1}')
    assert first.wait(20) == -signal.SIGKILL
    uids |= {
        "running": fleet.create("gated"),
        "to be cancelled": fleet.create("gated"),
        "failed once": fleet.create("moody", '{"failures": 1}', backoff_strategy=REST),
        "scheduled": fleet.create("quick", run_at="2100-01-01"),
        "cancelled": fleet.create("quick", run_at="2100-01-01"),
        "parked": fleet.create("new"),
    }
    sql(fleet.dsn, f"select steve.cancel_job('{uids['cancelled']}')")
    return uids


async def steered(fleet: Fleet, uids: dict[str, str]) -> None:
    """Cancel what runs at a worker of then, and retry what failed then."""
    jobs = Jobs(fleet.dsn, migrate="check")
    try:
        assert await jobs.cancel(uids["to be cancelled"])
        assert await jobs.retry(uids["to be retried"])
    finally:
        await jobs.close()


async def all_end_well(fleet: Fleet, uids: dict[str, str], then: str, now: str) -> None:
    for name in ("running", "failed once", "lost", "to be retried", "parked"):
        fleet.becomes("completed", uids[name])
    fleet.becomes("cancelled", uids["to be cancelled"])
    states = {name: fleet.state(uid) for name, uid in uids.items()}
    assert {name: status for name, (status, _) in states.items() if status != "completed"} == {
        "failed": "failed",
        "cancelled": "cancelled",
        "to be cancelled": "cancelled",
        "scheduled": "pending",
    }
    assert states["running"] == ("completed", then)
    assert states["parked"] == ("completed", now)


def nothing_was_lost(fleet: Fleet) -> None:
    """What producers were told is there, once, and completed by its first attempt."""
    rows = sql(
        fleet.dsn,
        "select uid::text, status, attempts from steve.jobs "
        "where type = 'quick' and status <> 'pending'",
    )
    found = {uid: (status, attempts) for uid, status, attempts in rows}
    assert len(found) == len(rows)
    created = fleet.created()
    assert len(created) > 4 * ENOUGH
    assert {uid: found.get(uid) for uid in created if found.get(uid) != ("completed", 1)} == {}


async def test_a_worker_of_then_that_starts_afterwards_says_what_to_do(
    fleet: Fleet, first_landed: Package, today: Package
) -> None:
    today.run(fleet.dsn, "migrate")
    assert fleet.worker(first_landed).wait(30) != 0
    assert "upgrade pg-steve" in fleet.errors()
    assert (await looked(fleet.dsn, "schema")).status == "ok"
