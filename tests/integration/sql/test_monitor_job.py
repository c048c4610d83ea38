"""What a monitor shows of one job: everything, cut where it is long, and its log."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from integration.sql.scene import NEVER, NOT_YET, Scene
from steve.core.outcome import Complete, Snoozed
from steve.core.uid import uuid7
from steve.operations.control import cancel, delete, retry
from steve.operations.monitor_job import LONGEST, JobDetail, content, detail, log

pytestmark = pytest.mark.any_postgres


def shown(scene: Scene, uid: UUID) -> JobDetail:
    found = scene.run(detail(uid))
    assert found is not None
    return found


def test_everything_about_a_job(scene: Scene) -> None:
    worker = scene.worker()
    job = scene.started(worker, payload=b'{"a": 1}', meta=b'{"m": true}', timeout=5.0)
    began = shown(scene, job.uid)
    assert (began.job.status, began.worker_name, began.timeout) == ("running", "w", 5.0)
    assert [(a.number, a.status, a.completed_at) for a in began.attempts] == [(1, "running", None)]
    scene.finish(job, NOT_YET)
    scene.finish(scene.claim(worker).jobs[0], Snoozed(0.0))
    assert [a.status for a in shown(scene, job.uid).attempts] == ["error", "snoozed"]
    scene.finish(scene.claim(worker).jobs[0], Complete(b"[42]"))
    over = shown(scene, job.uid)
    assert (over.job.uid, over.job.status, over.refunded, over.crashes) == (
        job.uid,
        "completed",
        1,
        0,
    )
    assert (over.payload, over.result, over.meta) == (
        ('{"a": 1}', 8),
        ("[42]", 4),
        ('{"m": true}', 11),
    )
    first, second, third = over.attempts
    assert [a.number for a in over.attempts] == [1, 2, 3]
    assert first.error is not None
    assert (first.error.type, first.error.message) == ("ValueError", "it did not work")
    assert (first.traceback, first.worker) == ("Traceback …", worker)
    assert (second.status, second.error, second.traceback) == ("snoozed", None, None)
    assert (third.status, third.completed_at) == ("success", over.job.completed_at)
    assert over.now >= (over.job.completed_at or over.now)
    assert scene.run(detail(uuid7())) is None


@pytest.mark.parametrize("uid", [uuid4(), UUID("ffffffff-ffff-7fff-bfff-ffffffffffff")])
def test_a_job_with_an_odd_uid(scene: Scene, uid: UUID) -> None:
    scene.over(NEVER, uid=uid)
    assert shown(scene, uid).job.status == "failed"


def test_a_cancelled_job_has_no_worker(scene: Scene) -> None:
    uid = scene.create().uid
    scene.run(cancel([uid], "ada"))
    found = shown(scene, uid)
    assert (found.worker_name, found.actor, found.result, found.attempts) == (None, "ada", None, [])


def test_what_is_long_is_cut_and_can_be_had_whole(scene: Scene) -> None:
    text = "é" * LONGEST
    uid = scene.over(
        Complete(json.dumps(text).encode()), payload=json.dumps(text, ensure_ascii=False).encode()
    ).uid
    found = shown(scene, uid)
    assert found.result is not None
    for part, what in ((found.payload, "payload"), (found.result, "result")):
        assert part.text == '"' + text[1:]
        assert part.bytes == 2 * LONGEST + 2
        whole = scene.run(content(uid, "payload" if what == "payload" else "result"))
        assert whole is not None
        assert json.loads(whole) == text
    assert scene.run(content(uuid7(), "payload")) is None
    assert scene.run(content(scene.create().uid, "result")) is None


def test_of_many_attempts_the_last_come(scene: Scene) -> None:
    job = scene.started()
    scene.all(
        "insert into steve.attempt (id, job_id, started_at, completed_at, attempt_number, status) "
        "select n, %s, steve.now(), steve.now(), n, 'snoozed' from generate_series(2, 151) as n "
        "returning id",
        job.id,
    )
    assert [a.number for a in shown(scene, job.uid).attempts] == list(range(52, 152))


def logged(scene: Scene, job: int, *messages: str) -> None:
    scene.all(
        "insert into steve.log select nextval('steve.log_id'), %s, 1, steve.now(), 20, m "
        "from unnest(%s::text[]) with ordinality as m (m, n) order by n returning id",
        job, [*messages],
    )  # fmt: skip


def test_the_log_is_read_on_from_where_one_was(scene: Scene) -> None:
    job, other = scene.create(), scene.create()
    assert scene.run(log(job.uid)) == []
    logged(scene, job.id, "one", "two", "three")
    logged(scene, other.id, "else")
    logged(scene, job.id, "four")
    first = scene.run(log(job.uid, limit=2))
    assert [(line.message, line.level, line.attempt) for line in first] == [
        ("one", 20, 1), ("two", 20, 1),
    ]  # fmt: skip
    rest = scene.run(log(job.uid, after=first[-1].id))
    assert [line.message for line in rest] == ["three", "four"]
    assert scene.run(log(job.uid, after=rest[-1].id)) == []
    assert shown(scene, job.uid).job.log_id == rest[-1].id
    assert scene.run(log(uuid7())) == []


def test_the_log_stays_with_its_job_and_goes_with_it(scene: Scene) -> None:
    job, other = scene.over(NEVER), scene.create()
    logged(scene, job.id, "one")
    logged(scene, other.id, "else")
    scene.run(retry([job.uid]))
    assert [line.message for line in scene.run(log(job.uid))] == ["one"]
    scene.run(delete([job.uid]))
    assert scene.all("select message from steve.log") == [("else",)]
