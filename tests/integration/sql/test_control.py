"""Cancelling, retrying and deleting by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from integration.sql.overlap import Overlap
from integration.sql.scene import HOUR, NEVER, NOT_YET, Scene
from model.rows import Rows
from steve.core.outcome import Cancelled, Complete, Released
from steve.core.uid import uuid7
from steve.operations.control import cancel, delete, retry

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

pytestmark = pytest.mark.any_postgres

STATES = (
    "scheduled",
    "pending",
    "tried",
    "running",
    "cancelling",
    "completed",
    "failed",
    "cancelled",
)
LIVE = ("scheduled", "pending", "tried", "running", "cancelling")


def job_in(scene: Scene, state: str) -> UUID:
    """A job in this state. `tried`: pending after an attempt."""
    match state:
        case "scheduled":
            return scene.create(delay=HOUR).uid
        case "pending":
            return scene.create().uid
        case "tried":
            return scene.over(NOT_YET).uid
        case "completed":
            return scene.over(Complete(b"1")).uid
        case "failed":
            return scene.over(NEVER).uid
        case "cancelled":
            return scene.over(Cancelled(None)).uid
        case _:
            uid = scene.started().uid
            if state == "cancelling":
                scene.run(cancel([uid]))
            return uid


@pytest.mark.parametrize("state", STATES)
def test_cancel(scene: Scene, state: str) -> None:
    uid = job_in(scene, state)
    changed = scene.run(cancel([uid, uuid7()], "me"))
    assert changed == ([uid] if state in {"scheduled", "pending", "tried", "running"} else [])
    row = scene.row(uid)
    assert row is not None
    if state in {"scheduled", "pending", "tried"}:
        assert (row["status"], row["worker"], row["actor"]) == ("cancelled", None, "me")
        assert row["completed_at"] == row["updated_at"] > row["created_at"]
        assert row["attempts"] == (state == "tried")
    elif state == "running":
        assert (row["status"], row["actor"]) == ("running", "me")
        assert row["cancel_requested_at"] is not None
    else:
        assert row["actor"] is None
    Rows(scene.connection).check()


def test_cancel_many(scene: Scene) -> None:
    uids = {state: job_in(scene, state) for state in reversed(STATES)}
    changed = scene.run(cancel(list(uids.values())))
    assert set(changed) == {uids[state] for state in ("scheduled", "pending", "tried", "running")}
    assert scene.run(cancel([])) == []
    assert scene.value("select steve.cancel_job(%s, 'me')", job_in(scene, "pending")) is True
    assert scene.value("select steve.cancel_job(%s)", uids["running"]) is False


@pytest.mark.parametrize("force", [False, True], ids=["plain", "forced"])
@pytest.mark.parametrize("state", STATES)
def test_retry(scene: Scene, state: str, force: bool) -> None:
    uid = job_in(scene, state)
    before = scene.found(uid)
    changed = scene.run(retry([uid, uuid7()], force=force, actor="me"))
    again = state in {"failed", "cancelled"} or (force and state == "completed")
    assert changed == ([uid] if again else [])
    if again:
        row = scene.row(uid, "steve.job")
        assert row is not None
        assert (row["status"], row["worker"], row["actor"]) == ("pending", None, "me")
        assert (row["result"], row["completed_at"], row["cancel_requested_at"]) == (
            None,
            None,
            None,
        )
        assert row["run_at"] == row["updated_at"] > before.updated_at
        kept = ("id", "attempt_id", "created_at", "scheduled_at", "started_at", "attempts")
        assert [row[name] for name in kept] == [getattr(before, name) for name in kept]
        assert [a.attempt_number for a in scene.attempts(uid)] == [1]
    Rows(scene.connection).check()


@pytest.mark.parametrize("starts", [1, 3])
@pytest.mark.parametrize("spent", [1, 2])
def test_retry_gives_starts(scene: Scene, spent: int, starts: int) -> None:
    """Fails after `spent` attempts, one of them refunded before; then `starts` more fail."""
    job = scene.started(max_attempts=spent)
    scene.finish(job, Released())
    worker = scene.worker()
    for _ in range(spent):
        (job,) = scene.claim(worker).jobs
        scene.finish(job, NOT_YET)
    assert scene.found(job.uid).status == "failed"
    scene.run(retry([job.uid], starts=starts))
    for left in range(starts, 0, -1):
        (job,) = scene.claim(worker).jobs
        settled = scene.finish(job, NOT_YET)
        assert settled is not None
        assert settled.status == ("pending" if left > 1 else "failed")
    assert scene.found(job.uid).attempts == 1 + spent + starts
    assert len(scene.attempts(job.uid)) == 1 + spent + starts


@pytest.mark.parametrize("starts", [1, 2])
def test_retry_gives_starts_that_may_crash(scene: Scene, starts: int) -> None:
    job = scene.started(max_crashes=0)
    scene.crash(job.worker or 0)
    scene.run(retry([job.uid], starts=starts))
    for left in range(starts, 0, -1):
        worker = scene.worker()
        assert len(scene.claim(worker).jobs) == 1
        assert [job.status for job in scene.crash(worker)] == ["pending" if left > 1 else "failed"]


def test_retry_takes_no_starts_away(scene: Scene) -> None:
    job = scene.over(NEVER, max_attempts=9, max_crashes=7)
    scene.run(retry([job.uid]))
    found = scene.found(job.uid)
    assert (found.max_attempts, found.max_crashes) == (9, 7)


@pytest.mark.parametrize("starts", [0, -1])
def test_retry_needs_a_start(scene: Scene, starts: int) -> None:
    uid = job_in(scene, "failed")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"at least 1, not {starts}"):
        scene.run(retry([uid], starts=starts))
    assert scene.found(uid).status == "failed"


def test_a_completed_job_that_is_retried_keeps_its_success(scene: Scene) -> None:
    job = scene.started()
    scene.finish(job, Complete(b"1"), wait=0.5)
    before = scene.attempts(job.uid)
    scene.run(retry([job.uid], force=True))
    assert scene.attempts(job.uid) == before
    assert [(a.status, a.worker) for a in before] == [("success", job.worker)]
    (again,) = scene.claim(scene.worker()).jobs
    scene.finish(again, Complete(b"2"))
    assert [a.status for a in scene.attempts(job.uid)] == ["success", "success"]
    assert scene.found(job.uid).result == 2


def test_retry_job(scene: Scene) -> None:
    completed, failed = job_in(scene, "completed"), job_in(scene, "failed")
    assert scene.value("select steve.retry_job(%s, actor => 'me')", failed) is True
    assert scene.value("select steve.retry_job(%s)", failed) is False
    assert scene.value("select steve.retry_job(%s)", completed) is False
    assert scene.value("select steve.retry_job(%s, force => true)", completed) is True


@pytest.mark.parametrize("state", STATES)
def test_delete(scene: Scene, state: str) -> None:
    other = scene.over(NEVER).uid
    uid = job_in(scene, state)
    deleted = scene.run(delete([uid, uuid7()]))
    runs = state in {"running", "cancelling"}
    assert deleted == ([], [uid]) if runs else ([uid], [])
    assert (scene.row(uid) is not None) == runs
    assert len(scene.attempts(other)) == 1
    Rows(scene.connection).check()


@pytest.mark.parametrize("skip", [False, True], ids=["all or none", "skip running"])
def test_delete_many(scene: Scene, skip: bool) -> None:
    uids = {state: job_in(scene, state) for state in reversed(STATES)}
    deleted = scene.run(delete(list(uids.values()), skip_running=skip))
    running = {uids["running"], uids["cancelling"]}
    assert set(deleted.running) == running
    assert set(deleted.uids) == (set(uids.values()) - running if skip else set())
    assert {row.uid for row in Rows(scene.connection).jobs} == (
        running if skip else set(uids.values())
    )
    Rows(scene.connection).check()


@pytest.mark.parametrize("committed", [True, False], ids=["commit", "rollback"])
def test_delete_of_a_job_that_is_being_claimed(
    connect: Callable[[], Scene], committed: bool
) -> None:
    one, two, watcher = connect(), connect(), connect()
    uid = one.create().uid
    worker = one.worker()
    one.connection.execute("begin")
    one.claim(worker)
    overlap = Overlap(one, two, watcher, lambda: two.run(delete([uid])))
    one.connection.execute("commit" if committed else "rollback")
    assert overlap.waited
    assert overlap.answer() == (([], [uid]) if committed else ([uid], []))
    Rows(watcher.connection).check()


def test_delete_misses_a_job_that_moves_meanwhile(connect: Callable[[], Scene]) -> None:
    """It was in neither place for this statement. The answer does not claim it, and it is whole."""
    one, two, watcher = connect(), connect(), connect()
    job = one.started()
    one.connection.execute("begin")
    one.finish(job, NEVER)
    overlap = Overlap(one, two, watcher, lambda: two.run(delete([job.uid])))
    one.connection.execute("commit")
    assert overlap.waited
    assert overlap.answer() == ([], [])
    assert watcher.found(job.uid).status == "failed"
    Rows(watcher.connection).check()
    assert watcher.run(delete([job.uid])) == ([job.uid], [])
