"""A claim by name: the job that a sleeping worker was told of, or nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from integration.sql.scene import HOUR, NOT_YET, Scene, prepared
from steve.operations.claim import claim_one, doze
from steve.operations.create import create, create_one, read_told
from steve.operations.maintenance import bury
from steve.operations.queue import pause
from steve.operations.worker import retire

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from steve.core.job import Job

pytestmark = pytest.mark.any_postgres


def claimed(scene: Scene, worker: int, uid: UUID) -> list[Job]:
    return scene.run(claim_one(worker, uid))


def test_it_is_what_a_claim_returns(scene: Scene) -> None:
    worker = scene.worker()
    one, other = (scene.create(payload=b'{"a": 1}', tags=["x"], timeout=3.0) for _ in range(2))
    (by_name,) = claimed(scene, worker, one.uid)
    (by_turn,) = scene.claim(worker).jobs
    assert (by_name.uid, by_turn.uid) == (one.uid, other.uid)
    apart = {
        "id", "uid", "attempt_id", "created_at", "updated_at", "started_at", "run_at",
        "scheduled_at", "progress",
    }  # fmt: skip
    for field in set(by_name.__struct_fields__) - apart:
        assert getattr(by_name, field) == getattr(by_turn, field), field
    assert by_name.attempt_id != by_turn.attempt_id
    row = scene.row(one.uid)
    assert row is not None
    assert (row["status"], row["worker"], row["attempts"]) == ("running", worker, 1)
    assert scene.finish(by_name) is not None


def test_only_once(scene: Scene) -> None:
    worker = scene.worker()
    made = scene.create()
    assert len(claimed(scene, worker, made.uid)) == 1
    assert claimed(scene, worker, made.uid) == []


def test_not_before_its_time(scene: Scene) -> None:
    made = scene.create(run_at=scene.now() + timedelta(hours=1))
    assert claimed(scene, scene.worker(), made.uid) == []


def test_not_in_a_paused_queue(scene: Scene) -> None:
    made = scene.create()
    scene.run(pause("default", None))
    assert claimed(scene, scene.worker(), made.uid) == []


def test_not_by_a_dead_worker(scene: Scene) -> None:
    worker = scene.worker()
    made = scene.create()
    scene.run(retire(worker))
    assert claimed(scene, worker, made.uid) == []


def test_not_a_suspect(scene: Scene) -> None:
    """Of jobs that may have killed a worker one runs at a time, which is not looked at here."""
    job = scene.started(max_crashes=2)
    scene.crash(job.worker or 0)
    scene.all("update steve.job set run_at = steve.now() returning id")
    assert claimed(scene, scene.worker(), job.uid) == []


def test_not_what_is_parked(scene: Scene) -> None:
    made = scene.create(type="nobody's")
    worker = scene.worker(types=["t"])
    scene.all("update steve.job set parked = true returning id")
    assert claimed(scene, worker, made.uid) == []


def test_a_second_attempt_has_the_next_number(scene: Scene) -> None:
    job = scene.started()
    scene.finish(job, NOT_YET)
    (again,) = claimed(scene, scene.worker(), job.uid)
    assert again.attempts == 2


def test_it_does_not_wait_for_who_has_the_job(connect: Callable[[], Scene]) -> None:
    scene, other = connect(), connect()
    worker = scene.worker()
    made = scene.create()
    with other.connection.transaction():
        other.all("select from steve.job where uid = %s for update", made.uid)
        assert claimed(scene, worker, made.uid) == []
    assert len(claimed(scene, worker, made.uid)) == 1


def test_its_worker_is_not_buried_meanwhile(connect: Callable[[], Scene]) -> None:
    """As for any claim: either the death is seen, or the job is among those rescued."""
    claiming, maintenance = connect(), connect()
    worker = claiming.worker()
    made = claiming.create()
    with claiming.connection.transaction():
        assert len(claimed(claiming, worker, made.uid)) == 1
        maintenance.set_ahead(HOUR)
        assert maintenance.run(bury()) == []
    assert maintenance.run(bury()) == [worker]


def test_a_sleeper_is_told_which_job_there_is(scene: Scene) -> None:
    scene.connection.execute("listen w")
    scene.run(doze("w", ["default"], None, 60.0))
    alone = prepared()
    scene.run(create_one(alone, alone=True))
    scene.run(create_one(prepared()))
    scene.run(create([prepared(), prepared()]))
    told = [read_told(note.payload) for note in scene.connection.notifies(timeout=0)]
    assert told == [(alone.uid, "default", "t"), None, None]
