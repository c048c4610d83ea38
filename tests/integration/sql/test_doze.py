"""Going to sleep: the look at what is due next, and who is woken by what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from integration.sql.scene import HOUR, Scene, prepared
from steve.core.outcome import Complete
from steve.operations.claim import doze, rise
from steve.operations.control import cancel, retry
from steve.operations.create import create, wake
from steve.operations.query import announce, unwatch, watch
from steve.operations.queue import pause, resume
from steve.operations.worker import retire

if TYPE_CHECKING:
    from uuid import UUID

pytestmark = pytest.mark.any_postgres

QUEUES = ["a", "b"]


def look(scene: Scene, types: list[str] | None = None) -> float | None:
    return scene.run(doze("c", QUEUES, types, 60))


@pytest.mark.parametrize(
    ("jobs", "types", "due"),
    [
        ([], None, None),
        ([{"delay": 30.0}], None, 30),
        ([{"delay": 30.0}, {"delay": 20.0, "queue": "b"}], None, 20),
        ([{"delay": 30.0, "priority": 9}, {"delay": 20.0, "priority": -9}], None, 20),
        ([{"delay": 30.0, "priority": -9}, {"delay": 40.0, "priority": 9}], None, 30),
        ([{"delay": 30.0}, {"delay": 20.0, "type": "other"}], ["t"], 30),
        ([{"delay": 30.0}, {"delay": 20.0, "queue": "c"}], None, 30),
        ([{"delay": 30.0, "type": "other"}], ["t"], None),
        ([{"delay": 70.0}], None, None),
    ],
    ids=[
        "nothing", "one", "another queue", "a lower priority", "a higher priority",
        "types it does not handle", "queues it does not serve", "nothing it handles",
        "not while it sleeps",
    ],
)  # fmt: skip
def test_when_the_next_job_is_due(
    scene: Scene, jobs: list[dict[str, Any]], types: list[str] | None, due: float | None
) -> None:
    for job in jobs:
        scene.create(**{"queue": "a", **job})
    found = look(scene, types)
    assert found == (due if due is None else pytest.approx(due, abs=5))


def test_a_job_that_is_due_already(scene: Scene) -> None:
    scene.create(queue="a", run_at=scene.now() - timedelta(seconds=30))
    assert (look(scene) or 1) <= -30


def test_running_parked_and_paused_jobs_are_not_in_sight(scene: Scene) -> None:
    scene.create(queue="a")
    assert len(scene.claim(scene.worker(), 9, queues={"a": 9}).jobs) == 1
    scene.create(queue="a")
    scene.all("update steve.job set parked = true where status = 'pending' returning id")
    scene.create(queue="b")
    scene.run(pause("b", scene.now() + timedelta(seconds=50)))
    assert look(scene) is None
    scene.set_ahead(51)
    assert (look(scene) or 1) <= 0


class Ear:
    """Hears what is sent to some channels. Its own connection is told after each statement."""

    def __init__(self, scene: Scene, *channels: str) -> None:
        self.scene = scene
        for channel in channels:
            scene.connection.execute(f'listen "{channel}"'.encode())

    def heard(self) -> list[tuple[str, str]]:
        self.scene.connection.execute("select 1")
        return sorted((n.channel, n.payload) for n in self.scene.connection.notifies(timeout=0))


@pytest.fixture
def ear(scene: Scene) -> Ear:
    return Ear(scene, "c", "d", "e")


def sleep(
    scene: Scene, *channels: str, types: list[str] | None = None, seconds: float = 60
) -> None:
    for channel in channels:
        scene.run(doze(channel, QUEUES, types, seconds))


def test_nobody_sleeps_nobody_is_told(scene: Scene, ear: Ear) -> None:
    scene.create(queue="a")
    sleep(scene, "c")
    scene.run(rise("c"))
    scene.create(queue="a")
    assert ear.heard() == []


@pytest.mark.parametrize(("count", "told"), [(1, 1), (2, 2), (9, 3)])
def test_one_worker_is_woken_for_each_job(scene: Scene, ear: Ear, count: int, told: int) -> None:
    sleep(scene, "c", "d", "e")
    scene.run(create([prepared(queue="a") for _ in range(count)]))
    heard = ear.heard()
    assert len(heard) == len(set(heard)) == told
    assert {payload for _, payload in heard} == {""}


@pytest.mark.parametrize(
    ("job", "types", "told"),
    [
        ({}, None, True),
        ({"queue": "c"}, None, False),
        ({"type": "x"}, ["x", "y"], True),
        ({"type": "z"}, ["x", "y"], False),
        ({"delay": 5.0}, None, True),
        ({"delay": 500.0}, None, False),
    ],
    ids=["any", "other queue", "its type", "other type", "due in its sleep", "due after it"],
)
def test_who_is_woken(
    scene: Scene, ear: Ear, job: dict[str, Any], types: list[str] | None, told: bool
) -> None:
    sleep(scene, "c", types=types)
    scene.create(**{"queue": "a", **job})
    assert ear.heard() == ([("c", "")] if told else [])


def test_a_sleeper_is_forgotten_when_its_time_is_over(scene: Scene, ear: Ear) -> None:
    sleep(scene, "c", seconds=0)
    scene.create(queue="a")
    assert ear.heard() == []


def test_a_sleeper_may_change_its_mind(scene: Scene, ear: Ear) -> None:
    sleep(scene, "c", types=["x"])
    sleep(scene, "c", types=["y"])
    scene.create(queue="a", type="x")
    assert ear.heard() == []
    scene.create(queue="a", type="y")
    assert ear.heard() == [("c", "")]


def test_other_ways_to_wake_workers(scene: Scene, ear: Ear) -> None:
    failed = scene.over(Complete())
    sleep(scene, "c", types=["x"])
    scene.run(wake(["a", "b", "z"], ["x", None, "x"]))
    assert ear.heard() == [("c", "")]
    scene.run(pause("a"))
    assert ear.heard() == []
    scene.run(resume("a"))
    assert ear.heard() == [("c", "")]
    scene.run(resume("a"))
    assert ear.heard() == []
    scene.run(doze("d", ["default"], None, 60))
    scene.run(retry([failed.uid], force=True))
    assert ear.heard() == [("d", "")]


def test_a_worker_that_stops_sleeps_no_more(scene: Scene, ear: Ear) -> None:
    worker = scene.worker(channel="c")
    sleep(scene, "c")
    scene.run(retire(worker))
    scene.create(queue="a")
    assert ear.heard() == []


def test_those_who_wait_for_a_job_are_told(scene: Scene, ear: Ear) -> None:
    one, two, three = (scene.create(delay=HOUR).uid for _ in range(3))
    scene.run(watch("c", [one, two], 60))
    scene.run(watch("d", [two], 60))
    scene.run(announce([three]))
    assert ear.heard() == []
    scene.run(announce([one, two, three]))
    assert ear.heard() == sorted([("c", str(one)), ("c", str(two)), ("d", str(two))])
    scene.run(unwatch("c"))
    scene.run(watch("d", [two], 0))
    scene.run(announce([one, two]))
    assert ear.heard() == []


def test_whether_anybody_waits_is_in_the_answer(scene: Scene) -> None:
    jobs = [scene.started() for _ in range(2)]
    scene.run(watch("c", [jobs[0].uid], 60))
    assert [(s := scene.finish(job)) and s.awaited for job in jobs] == [True, False]


def test_cancelling_tells_waiters_and_the_worker(scene: Scene, ear: Ear) -> None:
    running = scene.started(scene.worker(channel="e")).uid
    waiting = scene.create().uid
    scene.run(watch("c", [waiting, running], 60))
    changed: list[UUID] = scene.run(cancel([waiting, running]))
    assert sorted(changed) == sorted([waiting, running])
    assert ear.heard() == [("c", str(waiting)), ("e", "cancel")]
