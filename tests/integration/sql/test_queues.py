"""Queues and what is in them; parking of what nobody handles."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integration.sql.scene import HOUR, Scene
from steve.operations.health import backlog, durations
from steve.operations.maintenance import park, unpark
from steve.operations.queue import QueueInfo, pause, queues, resume
from steve.operations.worker import announce_types

pytestmark = pytest.mark.any_postgres


def listed(scene: Scene) -> dict[str, QueueInfo]:
    found = scene.run(queues())
    assert [queue.name for queue in found] == sorted(queue.name for queue in found)
    return {queue.name: queue for queue in found}


def test_what_is_listed(scene: Scene) -> None:
    assert listed(scene) == {}
    scene.create(queue="a")
    scene.create(queue="a")
    scene.create(queue="a", delay=HOUR)
    scene.started(scene.worker(queues=["default", "b"]))
    scene.over()
    scene.run(pause("c", actor="me"))
    found = listed(scene)
    assert list(found) == ["a", "b", "c", "default"]
    counts = {name: (q.ready, q.scheduled, q.running) for name, q in found.items()}
    assert counts == {"a": (2, 1, 0), "b": (0, 0, 0), "c": (0, 0, 0), "default": (0, 0, 1)}
    assert {name: q.workers for name, q in found.items()} == {"a": 0, "b": 1, "c": 0, "default": 2}
    assert {name for name, q in found.items() if q.paused} == {"c"}
    assert (found["c"].paused_by, found["c"].paused_until) == ("me", None)
    scene.set_ahead(31)
    assert list(listed(scene)) == ["a", "c", "default"]


def test_pause_and_resume(scene: Scene) -> None:
    until = scene.now() + timedelta(seconds=60)
    scene.run(pause("a"))
    scene.run(pause("a", until, "me"))
    info = listed(scene)["a"]
    assert (info.paused, info.paused_until, info.paused_by) == (True, until, "me")
    scene.set_ahead(61)
    assert not listed(scene)["a"].paused
    assert scene.run(resume("a")) is True
    assert scene.run(resume("a")) is False
    assert scene.run(resume("unknown")) is False
    info = listed(scene)["a"]
    assert (info.paused, info.paused_at, info.paused_until, info.paused_by) == (
        False, None, None, None,
    )  # fmt: skip


def parked(scene: Scene) -> list[str]:
    return [type for (type,) in scene.all("select type from steve.job where parked order by id")]


def test_what_nobody_handles_is_parked(scene: Scene) -> None:
    for type in ("known", "unknown", "odd", "unknown"):
        scene.create(type=type)
    scene.create(type="odd", delay=HOUR)
    scene.create(type="unknown", queue="other")
    scene.worker(types=["known"])
    assert scene.run(park(["default"], 10)) == {
        ("default", "unknown"): 2, ("default", "odd"): 2,
    }  # fmt: skip
    assert parked(scene) == ["unknown", "odd", "unknown", "odd"]
    assert scene.run(park(["default"], 10)) == {}
    jobs = scene.claim(scene.worker(), 9).jobs
    assert [job.type for job in jobs] == ["known"]


@pytest.mark.parametrize(
    ("worker", "count"),
    [
        ({}, 0),
        ({"types": ["t", "x"]}, 0),
        ({"types": ["x"]}, 2),
        ({"types": []}, 2),
        ({"queues": ["other"]}, 2),
        ({"lease": 0.0}, 2),
    ],
    ids=["all types", "its type", "other types", "no types", "another queue", "not alive"],
)
def test_who_counts_as_handling(scene: Scene, worker: dict[str, object], count: int) -> None:
    for _ in range(2):
        scene.create()
    scene.worker(**worker)  # pyright: ignore[reportArgumentType]
    assert sum(scene.run(park(["default"], 10)).values()) == count


def test_parking_comes_in_batches_and_every_priority_is_looked_at(scene: Scene) -> None:
    for priority in (5, 0, -5):
        for _ in range(2):
            scene.create(priority=priority)
    assert scene.run(park(["default"], 4)) == {("default", "t"): 4}
    assert scene.run(park(["default"], 4)) == {("default", "t"): 2}
    assert scene.run(unpark(["default"], None, 4)) == 4
    assert scene.run(unpark(["default"], None, 4)) == 2
    assert scene.run(unpark(["default"], None, 4)) == 0
    assert parked(scene) == []


def test_who_handles_a_type_brings_it_back(scene: Scene) -> None:
    for type in ("a", "b", "a"):
        scene.create(type=type)
    scene.create(type="a", queue="other")
    worker = scene.worker(types=["z"])
    scene.run(park(["default", "other"], 10))
    assert len(parked(scene)) == 4
    scene.run(announce_types(worker, ["a"]))
    assert scene.run(unpark(["default"], ["a"], 10)) == 2
    assert parked(scene) == ["b", "a"]
    assert [job.type for job in scene.claim(worker, 9).jobs] == ["a", "a"]


def test_what_runs_or_waits_for_its_time_is_not_the_head(scene: Scene) -> None:
    scene.started(scene.worker(lease=0.5))
    scene.create(delay=HOUR)
    scene.set_ahead(1)
    assert scene.run(park(["default"], 10)) == {}


def test_backlog(scene: Scene) -> None:
    assert scene.run(backlog()).oldest_ready is None
    scene.create(run_at=scene.now() - timedelta(seconds=90), queue="paused", type="b")
    scene.create(run_at=scene.now() - timedelta(seconds=50), type="a")
    scene.create(delay=HOUR)
    scene.run(pause("paused"))
    scene.worker(types=["t"])
    found = scene.run(backlog())
    assert found.oldest_ready == pytest.approx(50, abs=5)
    assert found.unhandled_types == ["a", "b"]
    assert found.connections >= 1


def test_durations(scene: Scene) -> None:
    scene.over()
    job = scene.started(priority=1)
    scene.set_ahead(10)
    scene.finish(job)
    scene.create()
    found = {(d.status, d.type, d.queue): d for d in scene.run(durations(60))}
    assert found["pending", "t", "default"].count == 1
    assert found["pending", "t", "default"].mean is None
    done = found["completed", "t", "default"]
    assert done.count == 2
    assert done.mean == pytest.approx(5, abs=1)
    assert (done.p50, done.p95) == (pytest.approx(5, abs=1), pytest.approx(9.5, abs=1))
    scene.set_ahead(100)
    assert [d.status for d in scene.run(durations(60))] == ["pending"]
