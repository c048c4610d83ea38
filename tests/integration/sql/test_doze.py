"""Going to sleep: the look at what is due next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integration.sql.scene import Scene
from steve.operations.claim import doze
from steve.operations.queue import pause

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
