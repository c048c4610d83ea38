"""Jobs that are not put into a worker's hands lightly: those that were there when one died, and
those that must not be started again after that."""

from __future__ import annotations

import pytest

from integration.sql.scene import Scene

pytestmark = pytest.mark.any_postgres


def suspect(scene: Scene, count: int = 1) -> None:
    """Create jobs, and let the worker die that has them: they are due again."""
    worker = scene.worker()
    for _ in range(count):
        scene.started(worker, type="suspect", max_crashes=2)
    scene.crash(worker)


def kinds(scene: Scene, slots: int, *, ahead: int = 0, suspects: bool = True) -> tuple[str, int]:
    """Claim for a new worker; the initials of the types, and how many were held back."""
    found = scene.claim(scene.worker(), slots, ahead=ahead, suspects=suspects)
    return "".join(job.type[0] for job in found.jobs), found.held_back


def test_one_suspect_at_a_time(scene: Scene) -> None:
    suspect(scene, 3)
    for _ in range(2):
        scene.create(type="innocent")
    assert kinds(scene, 9) == ("sii", 2)
    assert kinds(scene, 9) == ("s", 1)
    assert kinds(scene, 9) == ("s", 0)


def test_a_worker_that_has_one_gets_no_other(scene: Scene) -> None:
    suspect(scene, 2)
    assert kinds(scene, 9, suspects=False) == ("", 0)
    scene.create(type="innocent")
    assert kinds(scene, 9, suspects=False) == ("i", 0)


def test_nothing_waits_behind_suspects(scene: Scene) -> None:
    """There are more of them than the worker has slots, and it has one already."""
    suspect(scene, 5)
    scene.create(type="innocent")
    assert kinds(scene, 2, suspects=False) == ("i", 0)


@pytest.mark.parametrize(
    ("slots", "ahead", "claimed"), [(1, 0, "s"), (1, 5, "sii"), (0, 5, "ii"), (0, 0, "")]
)
def test_a_suspect_needs_a_free_slot(scene: Scene, slots: int, ahead: int, claimed: str) -> None:
    suspect(scene)
    for _ in range(2):
        scene.create(type="innocent")
    assert kinds(scene, slots, ahead=ahead)[0] == claimed


@pytest.mark.parametrize(
    ("slots", "ahead", "claimed", "held_back"),
    [(2, 0, "oo", 0), (1, 5, "ot", 1), (0, 5, "t", 2), (2, 5, "oot", 0)],
)
def test_work_that_is_started_once_only_needs_a_free_slot(
    scene: Scene, slots: int, ahead: int, claimed: str, held_back: int
) -> None:
    for _ in range(2):
        scene.create(type="once", max_crashes=0)
    scene.create(type="tolerant", max_crashes=1)
    assert kinds(scene, slots, ahead=ahead) == (claimed, held_back)


def test_what_is_held_back_is_not_locked_for_others(scene: Scene) -> None:
    suspect(scene, 2)
    assert kinds(scene, 9) == ("s", 1)
    assert kinds(scene, 1) == ("s", 0)


def test_the_first_death_makes_no_suspect(scene: Scene) -> None:
    """Of jobs that survive three: what a worker held goes on side by side."""
    worker = scene.worker()
    for _ in range(3):
        scene.started(worker, type="shaken")
    scene.crash(worker)
    assert kinds(scene, 9) == ("sss", 0)


def test_the_second_death_does(scene: Scene) -> None:
    first = scene.worker()
    for _ in range(3):
        scene.started(first, type="suspect")
    scene.crash(first)
    second = scene.worker()
    assert len(scene.claim(second, 9).jobs) == 3
    scene.crash(second)
    assert kinds(scene, 9) == ("s", 2)
