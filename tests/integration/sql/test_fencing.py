"""A report counts only while its attempt holds the job. Whoever comes late changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from integration.sql.scene import NEVER, NOT_YET, Scene
from model.rows import Rows
from steve.core.job import Job
from steve.core.outcome import Cancelled, Complete, Outcome, Released, Snoozed
from steve.operations.control import cancel, delete, retry
from steve.operations.finish import Progressed, cancellations, progress, verify
from support.jobs import job as job_in_hand

pytestmark = pytest.mark.any_postgres

OUTCOMES: dict[str, Outcome] = {
    "complete": Complete(b"1"),
    "error": NOT_YET,
    "failed": NEVER,
    "snoozed": Snoozed(1.0),
    "released": Released(),
    "cancelled": Cancelled("no"),
}


def everything(scene: Scene) -> list[Any]:
    """All that is stored, to see that nothing changes."""
    tables = ("steve.job", "steve.job_archive", "steve.attempt")
    return [
        scene.connection.execute(f"select * from {table} order by id").fetchall()
        for table in tables
    ]


def taken_over(scene: Scene, job: Job) -> None:
    """Another worker has the job now."""
    assert job.worker is not None
    scene.crash(job.worker)
    assert len(scene.claim(scene.worker(lease=9999)).jobs) == 1


def tried_again(scene: Scene, job: Job) -> None:
    """The same worker has it again, and this is the report of the time before."""
    assert job.worker is not None
    scene.finish(job, NOT_YET)
    assert len(scene.claim(job.worker).jobs) == 1


def tried_again_after_all(scene: Scene, job: Job) -> None:
    """It failed, was retried by hand, and has the same number of attempts left as before."""
    assert job.worker is not None
    scene.finish(job, NEVER)
    scene.run(retry([job.uid]))
    assert len(scene.claim(job.worker).jobs) == 1


LOST: dict[str, Callable[[Scene, Job], object]] = {
    "taken over": taken_over,
    "tried again": tried_again,
    "tried again by hand": tried_again_after_all,
    "rescued": lambda scene, job: scene.crash(job.worker or 0),
    "given back": lambda scene, job: scene.finish(job, Released()),
    "completed": lambda scene, job: scene.finish(job, Complete(b"2")),
    "failed": lambda scene, job: scene.finish(job, NEVER),
    "cancelled": lambda scene, job: (
        scene.run(cancel([job.uid])) and scene.finish(job, Cancelled(None))
    ),
    "cancelled after its release": lambda scene, job: (
        scene.finish(job, Released()) and scene.run(cancel([job.uid]))
    ),
    "deleted": lambda scene, job: (
        scene.finish(job, Complete()) and scene.run(delete([job.uid]))
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", LOST)
def test_a_lost_attempt_changes_nothing(scene: Scene, how: str) -> None:
    job = scene.started(max_attempts=9)
    LOST[how](scene, job)
    before = everything(scene)
    for outcome in OUTCOMES.values():
        assert scene.finish(job, outcome) is None
    assert scene.run(progress([Progressed(job, 0.5, "half")])) == {}
    assert scene.run(cancellations([job])) == {job.attempt_id: False}
    assert everything(scene) == before
    Rows(scene.connection).check()


@pytest.mark.parametrize("change", [{"attempt_id": 10**9}, {"uid": UUID(int=1)}], ids=str)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_wrong_attempt_or_job(scene: Scene, outcome: str, change: dict[str, Any]) -> None:
    job = scene.started()
    wrong = job_in_hand(**{"id": job.id, "uid": job.uid, "attempt_id": job.attempt_id, **change})
    before = everything(scene)
    assert scene.finish(wrong, OUTCOMES[outcome]) is None
    assert scene.run(progress([Progressed(wrong, 0.5, None)])) == {}
    assert everything(scene) == before
    assert scene.finish(job, OUTCOMES[outcome]) is not None


@pytest.mark.parametrize("again", OUTCOMES)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_report_that_is_sent_again(scene: Scene, outcome: str, again: str) -> None:
    job = scene.started()
    assert scene.finish(job, OUTCOMES[outcome]) is not None
    before = everything(scene)
    assert scene.finish(job, OUTCOMES[again]) is None
    assert everything(scene) == before


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_zombie(scene: Scene, outcome: str) -> None:
    """Its claim was taken over; it wakes up and reports. The one who has the job goes on."""
    zombie = scene.started()
    assert zombie.worker is not None
    scene.crash(zombie.worker)
    (heir,) = scene.claim(scene.worker(lease=9999)).jobs
    assert scene.finish(zombie, OUTCOMES[outcome]) is None
    assert scene.run(cancellations([heir])) == {}
    assert scene.finish(heir, Complete(b'"mine"')) is not None
    assert scene.finish(zombie, OUTCOMES[outcome]) is None
    assert (found := scene.found(heir.uid)).result == "mine"
    assert (found.attempt_id, found.worker) == (heir.attempt_id, heir.worker)


def test_a_late_report_counts_until_somebody_takes_the_job(scene: Scene) -> None:
    """The lease has run out, the worker is even buried: its work is done nevertheless."""
    jobs = [scene.started(), scene.started()]
    scene.all("update steve.worker set expires_at = '2000-01-01' returning id")
    assert scene.finish(jobs[0]) is not None
    scene.all("update steve.worker set died_at = now(), death = 'lost' returning id")
    assert scene.finish(jobs[1]) is not None
    assert scene.rescue() == []


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("complete", "completed"),
        ("failed", "failed"),
        ("error", "pending"),
        ("released", "pending"),
    ],
)
def test_whether_a_report_was_written_can_be_asked(scene: Scene, outcome: str, status: str) -> None:
    job = scene.started()
    (verdict,) = scene.run(verify([job])).values()
    assert (verdict.held, verdict.cancelling) == (True, False)
    scene.finish(job, OUTCOMES[outcome])
    (verdict,) = scene.run(verify([job])).values()
    assert (verdict.held, verdict.settled.status) == (False, status)


def test_nothing_is_said_of_an_attempt_that_another_followed(scene: Scene) -> None:
    job = scene.started()
    taken_over(scene, job)
    assert scene.run(verify([job])) == {}


def test_a_held_job_that_is_to_be_cancelled(scene: Scene) -> None:
    asked, left_alone = scene.started(), scene.started()
    scene.run(cancel([asked.uid]))
    (verdict,) = scene.run(verify([asked])).values()
    assert (verdict.held, verdict.cancelling) == (True, True)
    assert scene.run(cancellations([asked, left_alone])) == {asked.attempt_id: True}
    steps = [Progressed(asked, 0.5, "half"), Progressed(left_alone, 0.25, None)]
    assert scene.run(progress(steps)) == {asked.id: True, left_alone.id: False}
    assert scene.found(asked.uid).progress.fraction == 0.5
    assert scene.found(asked.uid).progress.message == "half"
