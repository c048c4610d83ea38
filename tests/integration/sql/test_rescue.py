"""Workers that die, and what becomes of the jobs they held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integration.sql.overlap import Overlap
from integration.sql.scene import HOUR, NOT_YET, Scene
from model.rows import Rows
from steve.core.failure import JobError
from steve.operations.control import cancel, retry
from steve.operations.maintenance import bury, forget_workers, rescue, sweep
from steve.operations.worker import alive, announce_types, renew, retire

if TYPE_CHECKING:
    from collections.abc import Callable

    from steve.core.job import Job

pytestmark = pytest.mark.any_postgres


@pytest.mark.parametrize("max_crashes", [0, 1, 3])
def test_a_job_survives_max_crashes_of_its_workers(scene: Scene, max_crashes: int) -> None:
    made = scene.create(max_crashes=max_crashes, max_attempts=1)
    statuses: list[str] = []
    for start in range(1, max_crashes + 2):
        worker = scene.worker()
        (job,) = scene.claim(worker).jobs
        assert (job.attempts, job.refunded, job.crashes) == (start, start - 1, start - 1)
        (rescued,) = scene.crash(worker)
        assert (rescued.uid, rescued.attempt_id) == (made.uid, job.attempt_id)
        assert (rescued.type, rescued.queue) == ("t", "default")
        statuses.append(rescued.status)
        found = scene.found(made.uid)
        assert (found.attempts, found.refunded, found.crashes) == (start, start, start)
        assert found.status == rescued.status
        Rows(scene.connection).check()
    assert statuses == ["pending"] * max_crashes + ["failed"]
    assert scene.claim(scene.worker()).jobs == []
    found = scene.found(made.uid)
    assert found.error is not None
    assert found.error.type == "WorkerLost"
    assert [a.status for a in scene.attempts(made.uid)] == ["lost"] * (max_crashes + 1)
    row = scene.row(made.uid)
    assert row is not None
    assert row["fingerprint"] == "WorkerLost"


def test_a_crash_costs_no_attempt(scene: Scene) -> None:
    made = scene.create(max_attempts=2)
    for end in ("error", "crash", "error"):
        worker = scene.worker()
        (job,) = scene.claim(worker).jobs
        if end == "crash":
            scene.crash(worker)
        else:
            scene.finish(job, NOT_YET)
    assert scene.found(made.uid).status == "failed"
    assert scene.found(made.uid).error == JobError("ValueError", "it did not work")
    assert [a.status for a in scene.attempts(made.uid)] == ["error", "lost", "error"]


@pytest.mark.parametrize("max_crashes", [0, 3])
def test_a_requested_cancellation_ends_it(scene: Scene, max_crashes: int) -> None:
    job = scene.started(max_crashes=max_crashes)
    scene.run(cancel([job.uid]))
    (rescued,) = scene.crash(job.worker or 0)
    assert rescued.status == scene.found(job.uid).status == "cancelled"
    assert [attempt.status for attempt in scene.attempts(job.uid)] == ["lost"]


def test_a_rescued_job_is_due_at_once_and_began_when_it_was_claimed(scene: Scene) -> None:
    job = scene.started()
    scene.crash(job.worker or 0)
    found = scene.found(job.uid)
    assert (found.status, found.worker, found.error) == ("pending", None, None)
    assert found.started_at == job.started_at
    assert found.run_at == found.updated_at > job.run_at
    (attempt,) = scene.attempts(job.uid)
    assert (attempt.id, attempt.started_at, attempt.worker) == (
        job.attempt_id, job.started_at, job.worker,
    )  # fmt: skip
    assert attempt.error_details == {"type": "WorkerLost", "traceback": None}


def test_the_living_lose_nothing(scene: Scene) -> None:
    job = scene.started()
    dead = scene.worker()
    scene.set_ahead(29)
    assert scene.rescue() == []
    assert scene.crash(dead) == []
    assert scene.run(rescue([job.worker or 0], 100)) == []
    assert scene.finish(job) is not None


def test_rescue_comes_in_batches_and_sweep_waits_for_the_last(scene: Scene) -> None:
    worker = scene.worker()
    jobs = {scene.started(worker).uid for _ in range(5)}
    scene.set_ahead(31)
    assert scene.run(bury()) == [worker]
    first = {job.uid for job in scene.run(rescue([worker], 2))}
    assert len(first) == 2
    assert first < jobs
    assert scene.run(sweep([worker])) == [worker]
    assert scene.run(bury()) == [worker]
    assert {job.uid for job in scene.run(rescue([worker], 9))} == jobs - first
    assert scene.run(rescue([worker], 9)) == []
    assert scene.run(sweep([worker])) == []
    assert scene.run(bury()) == []


def test_death_is_final(scene: Scene) -> None:
    lost, stopped = scene.worker(), scene.worker(lease=HOUR)
    assert scene.run(renew(lost, 1, None)) is False
    scene.run(retire(stopped))
    scene.set_ahead(31)
    assert sorted(scene.run(bury())) == [lost, stopped]
    for worker in (lost, stopped):
        assert scene.run(renew(worker, 1, None)) is None
        scene.run(retire(worker))
    workers = Rows(scene.connection).workers
    assert [workers[worker].death for worker in (lost, stopped)] == ["lost", "stopped"]


def test_a_renewal_lengthens_the_lease(scene: Scene) -> None:
    worker = scene.worker()
    scene.set_ahead(29)
    assert scene.run(renew(worker, 3, 1000)) is False
    scene.set_ahead(58)
    (info,) = scene.run(alive())
    assert (info.id, info.running, info.memory, info.stopping) == (worker, 3, 1000, False)
    assert info.lease_left == pytest.approx(1, abs=1)
    scene.all("update steve.worker set stop_requested_at = now() returning id")
    assert scene.run(renew(worker, 0, None)) is True
    scene.set_ahead(58 + 31)
    assert scene.run(alive()) == []
    # A lease that has run out can be renewed as long as nobody has noticed.
    assert scene.run(renew(worker, 0, None)) is True
    assert len(scene.run(alive())) == 1


def test_the_dead_do_not_announce_types(scene: Scene) -> None:
    one, dead = scene.worker(types=["a"]), scene.worker(types=["a"])
    scene.run(retire(dead))
    for worker in (one, dead):
        scene.run(announce_types(worker, ["b"]))
    found = scene.all("select types from steve.worker order by id")
    assert found == [(["b"],), (["a"],)]


def test_the_swept_are_forgotten_after_a_time(scene: Scene) -> None:
    job = scene.started()
    scene.crash(scene.worker())
    scene.run(retire(job.worker or 0))
    scene.set_ahead(HOUR)
    scene.run(forget_workers(2 * HOUR))
    assert len(Rows(scene.connection).workers) == 2
    scene.run(forget_workers(HOUR / 2))
    # The other one still holds a job.
    assert list(Rows(scene.connection).workers) == [job.worker]


def test_a_job_that_failed_with_its_workers_can_be_retried(scene: Scene) -> None:
    job = scene.started(max_crashes=0)
    scene.crash(job.worker or 0)
    assert scene.run(retry([job.uid])) == [job.uid]
    (again,) = scene.claim(scene.worker()).jobs
    assert (again.crashes, again.max_crashes) == (1, 1)
    (rescued,) = scene.crash(again.worker or 0)
    assert rescued.status == "failed"


def test_a_claim_in_flight_is_not_left_behind(connect: Callable[[], Scene]) -> None:
    """The lease runs out while a claim is under way, and everybody looks for the dead."""
    claimer, maintenance = connect(), connect()
    uid = claimer.create().uid
    worker = claimer.worker()
    maintenance.set_ahead(HOUR)
    with claimer.connection.transaction():
        assert len(claimer.claim(worker).jobs) == 1
        assert maintenance.rescue() == []
        # Nobody may act as if this worker were dead, nor as if it held nothing.
        assert Rows(maintenance.connection).workers[worker].death is None
    (rescued,) = maintenance.rescue()
    assert (rescued.uid, rescued.status) == (uid, "pending")
    Rows(maintenance.connection).check()


def test_a_claim_in_flight_when_its_worker_stops(connect: Callable[[], Scene]) -> None:
    """The worker lost its connection, and says on another one that it stops."""
    claimer, stopper, maintenance = connect(), connect(), connect()
    uid = claimer.create().uid
    worker = claimer.worker()
    with claimer.connection.transaction():
        assert len(claimer.claim(worker).jobs) == 1
        overlap = Overlap(claimer, stopper, maintenance, lambda: stopper.run(retire(worker)))
        assert maintenance.rescue() == []
    assert overlap.waited
    overlap.answer()
    (rescued,) = maintenance.rescue()
    assert rescued.uid == uid
    assert Rows(maintenance.connection).workers[worker].swept


def test_a_late_claim_finds_its_worker_buried(connect: Callable[[], Scene]) -> None:
    """It began in time, but reached its worker's row after maintenance."""
    claimer, maintenance, watcher = connect(), connect(), connect()
    uid = watcher.create().uid
    worker = watcher.worker()
    maintenance.set_ahead(HOUR)
    maintenance.connection.execute("begin")
    assert maintenance.run(bury()) == [worker]
    overlap = Overlap(maintenance, claimer, watcher, lambda: claimer.claim(worker).jobs)
    assert maintenance.run(rescue([worker], 9)) == []
    assert maintenance.run(sweep([worker])) == []
    maintenance.connection.execute("commit")
    assert overlap.waited
    assert overlap.answer() == []
    assert watcher.found(uid).status == "pending"


def test_a_job_that_is_being_finished_is_left_for_the_next_time(
    connect: Callable[[], Scene],
) -> None:
    late, maintenance = connect(), connect()
    jobs: list[Job] = [late.started(max_attempts=9) for _ in range(2)]
    maintenance.set_ahead(HOUR)
    with late.connection.transaction():
        assert late.finish(jobs[0]) is not None
        assert [job.uid for job in maintenance.rescue()] == [jobs[1].uid]
        dead = {id for id, row in Rows(maintenance.connection).workers.items() if not row.swept}
        assert dead == {jobs[0].worker}
    assert maintenance.rescue() == []
    assert all(row.swept for row in Rows(maintenance.connection).workers.values())


def test_two_rescues_at_once(connect: Callable[[], Scene]) -> None:
    one, two = connect(), connect()
    worker = one.worker()
    jobs = sorted(one.started(worker).uid for _ in range(4))
    one.set_ahead(HOUR)
    two.set_ahead(HOUR)
    one.run(bury())
    with one.connection.transaction():
        first = one.run(rescue([worker], 2))
        second = two.run(rescue([worker], 9))
        assert two.run(sweep([worker])) == [worker]
    assert sorted(job.uid for job in [*first, *second]) == jobs
    assert two.run(sweep([worker])) == []
