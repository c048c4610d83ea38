"""Who is notified of what: workers that sleep, and those who wait for a job."""

from __future__ import annotations

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
