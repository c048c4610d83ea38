"""What a monitor shows of the whole: queues, rates, counts, workers, failures, actions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from integration.sql.scene import HOUR, NEVER, NOT_YET, Scene
from steve.core.failure import Failure, JobError
from steve.core.outcome import Failed, Retried
from steve.operations.control import cancel
from steve.operations.finish import Progressed, progress
from steve.operations.monitor_whole import (
    PARTS,
    Ended,
    actions,
    archived,
    ended,
    failures,
    history,
    names,
    queue_states,
    record,
    request_stop,
    retrying,
    worker_states,
)
from steve.operations.queue import pause
from steve.operations.worker import renew

pytestmark = pytest.mark.any_postgres


def sampled(scene: Scene, queue: str, ago: float, **values: Any) -> datetime:
    """Write a sample of ten seconds that began so long ago."""
    values = {"completed": 0, "failed": 0, "waits": [], "runs": [], **values}
    return scene.value(
        "insert into steve.sample (width, queue, began_at, ready, completed, failed, waits, runs) "
        "values (10, %s, steve.now() - %s * interval '1 second', %s, %s, %s, %s, %s) "
        "returning began_at",
        queue, ago, values.get("ready"), values["completed"], values["failed"], values["waits"],
        values["runs"],
    )  # fmt: skip


def test_queues(scene: Scene) -> None:
    scene.started(queue="default")
    for _ in range(3):
        scene.create(queue="mail")
    scene.create(queue="mail", delay=HOUR)
    scene.create(queue="held")
    scene.run(pause("held", actor="ada"))
    scene.set_ahead(10)
    states = {state.name: state for state in scene.run(queue_states())}
    assert [*states] == ["default", "held", "mail"]
    mail, held = states["mail"], states["held"]
    assert (mail.ready, mail.scheduled, mail.running, mail.workers) == (3, 1, 0, 0)
    assert mail.oldest_ready == pytest.approx(10, abs=2)
    assert (mail.completed_rate, mail.failed_rate, mail.waits) == (None, None, ())
    assert (states["default"].running, states["default"].workers) == (1, 1)
    assert (held.paused, held.paused_by, held.ready, held.oldest_ready) == (True, "ada", 1, None)


def test_queues_show_how_they_did_in_the_last_minute(scene: Scene) -> None:
    scene.create(queue="mail")
    sampled(scene, "mail", 200, completed=1000, waits=[9])
    sampled(scene, "mail", 60, completed=30, failed=1, waits=[1, 2])
    sampled(scene, "mail", 50, completed=10, failed=2, waits=[0, 1, 0, 5])
    scene.create(queue="idle")
    assert {state.completed_rate for state in scene.run(queue_states())} == {None}
    sampled(scene, "", 20)
    idle, mail = scene.run(queue_states())
    # Of stretches in which nothing ended there is no sample.
    assert (mail.completed_rate, mail.failed_rate) == pytest.approx((40 / 60, 3 / 60))
    assert mail.waits == (1, 3, 0, 5)
    assert (idle.completed_rate, idle.failed_rate, idle.waits) == (0.0, 0.0, ())


def test_rates_of_this_moment(scene: Scene) -> None:
    assert scene.run(ended())[1:] == (0.0, 0.0)
    for _ in range(10):
        scene.over()
    scene.over(NEVER)
    found = scene.run(ended(5.0))
    assert (found.completed_rate, found.failed_rate) == (2.0, 0.2)
    scene.set_ahead(6)
    assert scene.run(ended(5.0))[1:] == (0.0, 0.0)


def test_rates_of_very_many(scene: Scene) -> None:
    scene.all(
        "insert into steve.job_archive (id, uid, type, status, completed_at) "
        "select n, gen_random_uuid(), 't', 'completed', steve.now() - n * interval '50 us' "
        "from generate_series(1, 30000) as n returning id"
    )
    found = scene.run(ended(5.0))
    assert isinstance(found, Ended)
    # The last 20,000 of them took a second, and some time has passed since.
    assert 4_000 < found.completed_rate <= 20_000


def test_few_archived_jobs_are_counted(scene: Scene) -> None:
    for _ in range(3):
        scene.over()
    scene.over(NEVER)
    scene.run(cancel([scene.create().uid]))
    assert {(a.status, a.count, a.exact, a.at_least) for a in scene.run(archived())} == {
        ("completed", 3, True, False),
        ("failed", 1, True, False),
        ("cancelled", 1, True, False),
        ("expired", 0, True, False),
    }


def test_many_archived_jobs_are_estimated(scene_of_its_own: Scene) -> None:
    scene = scene_of_its_own
    many = (
        "insert into steve.job_archive (id, uid, type, status, completed_at) "
        "select n, gen_random_uuid(), 't', s, steve.now() + mod(n, 3) * interval '1 day' "
        "from generate_series(1, 60000) as n, unnest(array['completed', 'failed']) as s "
        "returning id"
    )
    # It would count pages with rows that are not committed yet.
    for (partition,) in scene.all(
        "select inhrelid::regclass::text from pg_inherits"
        " where inhparent = 'steve.job_archive_completed'::regclass"
    ):
        scene.connection.execute(
            f"alter table {partition} set (autovacuum_enabled = false)".encode()
        )
    scene.all(many)
    counts = {a.status: a for a in scene.run(archived())}
    # Nothing is known of them yet.
    assert (counts["completed"].count, counts["completed"].at_least) == (50_001, True)
    assert (counts["failed"].count, counts["failed"].at_least) == (50_001, True)
    scene.connection.execute("analyze steve.job_archive")
    scene.all(many)
    completed = next(a for a in scene.run(archived()) if a.status == "completed")
    assert completed.count == pytest.approx(120_000, rel=0.05)
    assert (completed.exact, completed.at_least) == (False, False)


def test_workers_and_what_they_run(scene: Scene) -> None:
    busy, idle = scene.worker(), scene.worker(queues=["mail"], types=["a"])
    gone = scene.worker()
    scene.crash(gone)
    job = scene.started(busy)
    for _ in range(24):
        scene.started(busy)
    scene.run(progress([Progressed(job, 0.5, "half")]))
    scene.run(renew(busy, 25, 1_000_000))
    first, second = scene.run(worker_states())
    assert (first.worker.id, second.worker.id) == (busy, idle)
    assert (first.worker.running, first.worker.memory) == (25, 1_000_000)
    assert (second.worker.types, second.jobs) == (["a"], [])
    assert len(first.jobs) == 20
    assert first.jobs[0][:2] == (job.uid, "t")
    assert first.jobs[0][3:] == (0.5, "half")
    assert [held.attempted_at for held in first.jobs] == sorted(h.attempted_at for h in first.jobs)


def test_a_worker_is_asked_to_stop(scene: Scene) -> None:
    worker, gone = scene.worker(), scene.worker()
    scene.crash(gone)
    assert scene.run(renew(worker, 0, None)) is False
    assert [scene.run(request_stop(each)) for each in (worker, gone, 0)] == [True, False, False]
    assert scene.run(renew(worker, 0, None)) is True
    assert scene.run(worker_states())[0].worker.stopping


def test_history(scene: Scene) -> None:
    sampled(scene, "", 100, completed=9)
    begins = [sampled(scene, "", 60 - n * 10, completed=n, ready=n, waits=[n]) for n in range(3)]
    sampled(scene, "mail", 60, completed=5, runs=[0, 1])
    found = scene.run(history(10, begins[0]))
    assert [s.began_at for s in found] == begins
    assert [(s.ready, s.completed, s.failed, s.waits) for s in found] == [
        (n, n, 0, (n,)) for n in range(3)
    ]
    scene.all(
        "update steve.sample set began_at = %s where queue = 'mail' returning queue", begins[1]
    )
    mail = scene.run(history(10, begins[0], "mail"))
    # Where it has none of its own it was empty.
    assert [(s.ready, s.completed) for s in mail] == [(0, 0), (0, 5), (0, 0)]
    assert [s.runs for s in mail] == [(), (0, 1), ()]
    assert scene.run(history(60, begins[0])) == []


def fail(scene: Scene, times: int, type: str, failure: Failure) -> None:
    for _ in range(times):
        scene.over(Failed(failure), type=type)


def test_failures_are_grouped(scene: Scene) -> None:
    lost = Failure("ConnectionLost", "to a", None, "f1")
    fail(scene, 2, "mail", lost)
    scene.set_ahead(HOUR)
    fail(scene, 1, "mail", lost)
    fail(scene, 1, "report", lost)
    fail(scene, 2, "report", Failure("KeyError", "'x'", None, "f2"))
    scene.over(type="mail")
    found = scene.run(failures(2 * HOUR))
    assert found.since is None
    first, second, third = found.groups
    assert (first.fingerprint, first.type, first.count) == ("f1", "mail", 3)
    assert first.error == JobError("ConnectionLost", "to a")
    assert (second.type, second.count, third.type, third.count) == ("report", 2, "report", 1)
    assert (len(first.counts), sum(first.counts), first.counts[-1]) == (PARTS, 3, 1)
    assert first.counts[PARTS // 2 - 1] + first.counts[PARTS // 2] == 2
    assert first.last_at - first.first_at >= timedelta(hours=1)
    assert scene.found(first.uid).completed_at == first.last_at
    assert [g.count for g in scene.run(failures(60.0)).groups] == [2, 1, 1]
    assert [g.count for g in scene.run(failures(2 * HOUR, types=["mail"])).groups] == [3]


def test_of_many_failures_the_last_are_looked_at(scene: Scene) -> None:
    fail(scene, 3, "mail", Failure("E", "", None, "f1"))
    fail(scene, 2, "mail", Failure("E", "", None, "f2"))
    found = scene.run(failures(HOUR, window=3))
    assert {g.fingerprint: g.count for g in found.groups} == {"f2": 2, "f1": 1}
    assert found.since == min(g.first_at for g in found.groups)
    assert scene.run(failures(HOUR, window=5)).since is not None
    assert scene.run(failures(HOUR, window=6)).since is None


def test_a_failure_of_unknown_cause_has_a_group(scene: Scene) -> None:
    assert scene.run(failures(HOUR)) == ([], None)
    fail(scene, 1, "mail", Failure("E", "what"))
    (group,) = scene.run(failures(HOUR)).groups
    assert (group.fingerprint, group.error) == ("", JobError("E", "what"))


def test_jobs_that_are_to_be_tried_again(scene: Scene) -> None:
    assert scene.run(retrying()) == {}
    for _ in range(2):
        scene.finish(scene.started(type="mail"), Retried(HOUR, Failure("E", "", None, "f1")))
    scene.started()
    scene.finish(scene.started(), NOT_YET)
    assert scene.run(retrying()) == {("f1", "mail"): 2, ("f1", "t"): 1}


def test_a_crowd_of_live_jobs_is_not_looked_through(scene_of_its_own: Scene) -> None:
    scene = scene_of_its_own
    scene.finish(scene.started(), NOT_YET)
    scene.connection.execute(
        "update pg_class set reltuples = 400000 where oid = 'steve.job'::regclass"
    )
    assert scene.run(retrying()) is None


def test_names(scene: Scene) -> None:
    assert scene.run(names()) == ([], [])
    scene.over(type="past")
    scene.create(type="live", queue="mail")
    scene.worker(queues=["idle"], types=["handled"])
    scene.run(pause("held"))
    assert scene.run(names()) == (
        ["handled", "live", "past"],
        ["default", "held", "idle", "mail"],
    )


def test_actions(scene: Scene) -> None:
    assert scene.run(actions()) == []
    scene.run(record("ada", "retry", {"status": ["failed"], "type": 'a"b'}, 12))
    scene.run(record(None, "pause", {}, 1))
    last, first = scene.run(actions())
    assert (last.actor, last.action, last.target, last.changed) == (None, "pause", {}, 1)
    assert (first.actor, first.action, first.changed) == ("ada", "retry", 12)
    assert first.target == {"status": ["failed"], "type": 'a"b'}
    assert first.at <= last.at <= scene.now()
    assert scene.run(actions(1)) == [last]
