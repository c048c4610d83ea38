"""What becomes of a job whose attempt ended without completing it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integration.sql.scene import FAILURE, HOUR, NEVER, NOT_YET, Scene
from model.rows import Rows
from steve.core.failure import JobError
from steve.core.outcome import Cancelled, Complete, Outcome, Released, Retried, Snoozed
from steve.operations.control import cancel
from steve.operations.finish import Report, complete, settle

pytestmark = pytest.mark.any_postgres

OUTCOMES: dict[str, Outcome] = {
    "error": Retried(60.0, FAILURE),
    "failed": NEVER,
    "snoozed": Snoozed(60.0),
    "released": Released(),
    "cancelled": Cancelled("enough"),
}

# With an attempt left, and with none: the job's status, what is on record of the attempt, whether
# it was refunded.
BECOMES: dict[str, tuple[tuple[str, str, int], tuple[str, str, int]]] = {
    "error": (("pending", "error", 0), ("failed", "error", 0)),
    "failed": (("failed", "error", 0), ("failed", "error", 0)),
    "snoozed": (("pending", "snoozed", 1), ("pending", "snoozed", 1)),
    "released": (("pending", "released", 1), ("pending", "released", 1)),
    "cancelled": (("cancelled", "cancelled", 0), ("cancelled", "cancelled", 0)),
}
# The same when somebody asked for the job's cancellation meanwhile.
BECOMES_WHEN_CANCELLED: dict[str, tuple[str, str, int]] = {
    "error": ("cancelled", "error", 0),
    "failed": ("cancelled", "error", 0),
    "snoozed": ("cancelled", "cancelled", 0),
    "released": ("cancelled", "cancelled", 0),
    "cancelled": ("cancelled", "cancelled", 0),
}


def outcome_of(scene: Scene, name: str, *, attempts: int, asked: bool) -> tuple[str, str, int]:
    job = scene.started(max_attempts=attempts)
    if asked:
        assert scene.run(cancel([job.uid])) == [job.uid]
    settled = scene.finish(job, OUTCOMES[name])
    assert settled is not None
    found = scene.found(job.uid)
    assert settled.status == found.status
    ((_, logged, _),) = Rows(scene.connection).jobs[0].log
    assert (found.status == "pending") == (scene.row(job.uid, "steve.job") is not None)
    Rows(scene.connection).check()
    return found.status, logged, found.refunded


@pytest.mark.parametrize("left", [True, False], ids=["attempts left", "the last attempt"])
@pytest.mark.parametrize("name", OUTCOMES)
def test_outcomes(scene: Scene, name: str, left: bool) -> None:
    attempts = 2 if left else 1
    expected = BECOMES[name][0 if left else 1]
    assert outcome_of(scene, name, attempts=attempts, asked=False) == expected


@pytest.mark.parametrize("left", [True, False], ids=["attempts left", "the last attempt"])
@pytest.mark.parametrize("name", OUTCOMES)
def test_outcomes_when_cancellation_was_requested(scene: Scene, name: str, left: bool) -> None:
    attempts = 2 if left else 1
    expected = BECOMES_WHEN_CANCELLED[name]
    assert outcome_of(scene, name, attempts=attempts, asked=True) == expected


def test_the_tables_are_complete() -> None:
    assert BECOMES.keys() == BECOMES_WHEN_CANCELLED.keys() == OUTCOMES.keys()


@pytest.mark.parametrize(
    ("outcome", "delay"),
    [(Retried(60.0, FAILURE), 60), (Snoozed(30.0), 30), (Released(), 0), (Snoozed(0.0), 0)],
    ids=["error", "snoozed", "released", "snoozed for nothing"],
)
def test_the_next_start(scene: Scene, outcome: Outcome, delay: float) -> None:
    job = scene.started()
    settled = scene.finish(job, outcome)
    assert settled is not None
    assert settled.run_at == settled.changed_at + timedelta(seconds=delay)
    found = scene.found(job.uid)
    assert (found.run_at, found.updated_at) == (settled.run_at, settled.changed_at)
    assert (found.scheduled_at, found.worker, found.attempt_id) == (
        job.scheduled_at, None, job.attempt_id,
    )  # fmt: skip
    worker = scene.worker(lease=HOUR)
    assert len(scene.claim(worker).jobs) == (delay == 0)
    scene.set_ahead(delay + 1)
    assert len(scene.claim(worker).jobs) == (delay != 0)


def test_refunded_attempts_do_not_count_against_the_maximum(scene: Scene) -> None:
    worker = scene.worker()
    job = scene.started(worker, max_attempts=2)
    for outcome in (Snoozed(0.0), Released(), NOT_YET, Snoozed(0.0)):
        assert (settled := scene.finish(job, outcome)) is not None
        assert settled.status == "pending"
        (job,) = scene.claim(worker).jobs
    assert (job.attempts, job.refunded) == (5, 3)
    assert (settled := scene.finish(job, NOT_YET)) is not None
    assert settled.status == "failed"
    assert (scene.found(job.uid).attempts, scene.found(job.uid).refunded) == (5, 3)


@pytest.mark.parametrize("asked", [False, True], ids=["plain", "cancel requested"])
@pytest.mark.parametrize("outcome", [Retried(0.0, FAILURE), NEVER], ids=["error", "failed"])
def test_what_is_kept_of_an_error(scene: Scene, outcome: Outcome, asked: bool) -> None:
    job = scene.started(max_attempts=2)
    if asked:
        scene.run(cancel([job.uid]))
    assert scene.finish(job, outcome) is not None
    assert scene.found(job.uid).error == JobError("ValueError", "it did not work")
    (attempt,) = scene.attempts(job.uid)
    assert (attempt.id, attempt.attempt_number, attempt.worker) == (job.attempt_id, 1, job.worker)
    assert (attempt.status, attempt.error_message) == ("error", "it did not work")
    assert attempt.error_details == {"type": "ValueError", "traceback": "Traceback …"}
    row = scene.row(job.uid)
    assert row is not None
    assert row["fingerprint"] == "f1"


def test_an_error_is_remembered_until_the_next_one(scene: Scene) -> None:
    worker = scene.worker()
    job = scene.started(worker)
    scene.finish(job, NOT_YET)
    (job,) = scene.claim(worker).jobs
    scene.finish(job, Snoozed(0.0))
    (job,) = scene.claim(worker).jobs
    assert scene.finish(job, Complete()) is not None
    assert scene.found(job.uid).error == JobError("ValueError", "it did not work")
    assert [attempt.error_message for attempt in scene.attempts(job.uid)] == [
        "it did not work", None, None,
    ]  # fmt: skip


def test_the_reason_of_a_cancellation(scene: Scene) -> None:
    job = scene.started()
    scene.finish(job, Cancelled("enough"))
    (attempt,) = scene.attempts(job.uid)
    assert (attempt.error_message, attempt.error_details) == ("enough", None)
    assert scene.found(job.uid).error is None


@pytest.mark.parametrize(
    ("waits", "first_start"),
    [([2.0], 2.0), ([None], None), ([None, 3.0], 3.0), ([2.0, 3.0], 2.0)],
    ids=["after a wait", "never begun", "begun the second time", "begun twice"],
)
def test_a_start_is_when_the_handler_began(
    scene: Scene, waits: list[float | None], first_start: float | None
) -> None:
    worker = scene.worker()
    job = scene.started(worker)
    claimed: list[Any] = []
    for turn, wait in enumerate(waits):
        if turn:
            (job,) = scene.claim(worker).jobs
        (claimed_at,) = scene.all("select attempted_at from steve.job where uid = %s", job.uid)
        claimed.append(claimed_at[0])
        scene.finish(job, Released(), wait)
    found = scene.found(job.uid)
    begun = next((turn for turn, wait in enumerate(waits) if wait is not None), 0)
    assert found.started_at == (
        None if first_start is None else claimed[begun] + timedelta(seconds=first_start)
    )
    starts = [attempt.started_at for attempt in scene.attempts(job.uid)]
    assert starts == [at + timedelta(seconds=w or 0) for at, w in zip(claimed, waits, strict=True)]


def test_many_outcomes_at_once(scene: Scene) -> None:
    worker = scene.worker()
    jobs = {name: scene.started(worker, max_attempts=2) for name in OUTCOMES}
    reports = [Report(job, OUTCOMES[name], 0.0) for name, job in jobs.items()]
    settled = scene.run(settle(reports[::-1]))
    assert {name: settled[job.id].status for name, job in jobs.items()} == {
        name: becomes[0][0] for name, becomes in BECOMES.items()
    }
    assert scene.run(settle(reports)) == {}
    assert scene.run(settle([])) == {}


def test_a_completed_job(scene: Scene) -> None:
    job = scene.started(priority=5, tags=["x"], meta=b'{"m": 1}', payload=b'{"p": 1}', timeout=9.0)
    settled = scene.finish(job, Complete(b'{"answer": 42}'), wait=1.5)
    assert settled is not None
    found = scene.found(job.uid)
    assert (found.status, found.result, found.worker) == ("completed", {"answer": 42}, job.worker)
    assert found.completed_at == found.updated_at == settled.changed_at
    assert job.started_at is not None
    assert found.started_at == job.started_at + timedelta(seconds=1.5)
    kept = ("id", "uid", "attempt_id", "type", "payload", "priority", "tags", "meta", "timeout")
    assert all(getattr(found, name) == getattr(job, name) for name in kept)
    assert scene.row(job.uid, "steve.job") is None
    assert scene.value("select count(*) from steve.attempt") == 0


@pytest.mark.parametrize("result", [None, b"null", b"[1]"], ids=str)
def test_results(scene: Scene, result: bytes | None) -> None:
    job = scene.over(Complete(result))
    assert scene.found(job.uid).result == (None if result in {None, b"null"} else [1])


def test_a_requested_cancellation_refuses_completion(scene: Scene) -> None:
    jobs = [scene.started() for _ in range(2)]
    scene.run(cancel([jobs[0].uid]))
    reports = [Report(job, Complete(), 0.0) for job in jobs]
    assert list(scene.run(complete(reports))) == [jobs[1].id]
    # The worker then reports it as what it is.
    assert scene.run(settle(reports[:1]))[jobs[0].id].status == "cancelled"
