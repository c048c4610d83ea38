"""Claims that begin where the last one ended, and the look at what they pass over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from integration.sql.scene import HOUR, NOT_YET, Scene
from steve.operations.claim import Mark, doze, overlooked
from steve.operations.queue import pause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steve.core.job import Job
    from steve.operations.create import Created

pytestmark = pytest.mark.any_postgres


def mark_of(job: Job | Created, queue: str = "default", priority: int = 0) -> Mark:
    return Mark(queue, priority, job.run_at, job.id)


def uids(jobs: Sequence[Job]) -> list[Any]:
    return [job.uid for job in jobs]


def test_what_lies_before_a_mark_is_passed_over(scene: Scene) -> None:
    made = [scene.create() for _ in range(5)]
    worker = scene.worker()
    marks = [mark_of(made[2])]
    assert uids(scene.claim(worker, 9, marks=marks).jobs) == [made[3].uid, made[4].uid]
    assert scene.claim(worker, 9, marks=marks).jobs == []
    assert uids(scene.claim(worker, 9).jobs) == [job.uid for job in made[:3]]


def test_jobs_of_one_moment_are_told_apart_by_their_id(scene: Scene) -> None:
    at = scene.now()
    made = [scene.create(run_at=at) for _ in range(4)]
    jobs = scene.claim(scene.worker(), 9, marks=[mark_of(made[1])]).jobs
    assert uids(jobs) == [made[2].uid, made[3].uid]


def test_a_mark_is_for_one_queue_and_priority(scene: Scene) -> None:
    made = [scene.create(queue=queue, priority=p) for queue in "ab" for p in (1, 0)]
    marks = [mark_of(made[-1], "a", 0)]
    jobs = scene.claim(scene.worker(), 9, queues={"a": 9, "b": 9}, marks=marks).jobs
    assert [(job.queue, job.priority) for job in jobs] == [("a", 1), ("b", 1), ("b", 0)]


@pytest.mark.parametrize("marked", [[], [0], [3, 0, -3], [5, 0], [-100], [100, 2, -100]], ids=str)
def test_every_priority_is_found_whatever_is_marked(scene: Scene, marked: list[int]) -> None:
    scene.create(priority=40)
    (first,) = scene.claim(scene.worker()).jobs
    made = [scene.create(priority=p) for p in (100, 5, 2, 0, -1, -100)]
    marks = [mark_of(first, priority=p) for p in marked]
    jobs = scene.claim(scene.worker(), 9, marks=marks).jobs
    assert uids(jobs) == [job.uid for job in made]


def test_a_pause_and_the_future_count_as_ever(scene: Scene) -> None:
    marks = [mark_of(scene.create(), "a"), mark_of(scene.create(), "b")]
    scene.create(queue="a")
    scene.create(queue="b", delay=60.0)
    scene.run(pause("a"))
    worker = scene.worker(lease=HOUR)
    queues = {"a": 9, "b": 9}
    assert scene.claim(worker, 9, queues=queues, marks=marks).jobs == []
    scene.set_ahead(61)
    (job,) = scene.claim(worker, 9, queues=queues, marks=marks).jobs
    assert job.queue == "b"


def test_a_sleeper_passes_over_the_same(scene: Scene) -> None:
    before, after = scene.create(), scene.create(delay=30.0)
    marks = [mark_of(before)]
    assert (scene.run(doze("c", ["default"], None, 60, marks)) or 0) == pytest.approx(30, abs=5)
    assert scene.run(doze("c", ["default"], None, 60, [mark_of(after)])) is None
    assert (scene.run(doze("c", ["default"], None, 60)) or 1) <= 0


class TestOverlooked:
    """The first due job up to each mark."""

    def test_the_first_of_several_is_told(self, scene: Scene) -> None:
        made = [scene.create(priority=p) for p in (1, 0, 0)]
        marks = [mark_of(made[2], priority=1), mark_of(made[2])]
        assert scene.run(overlooked(None, suspects=True, marks=marks)) == [
            mark_of(made[0], priority=1),
            mark_of(made[1]),
        ]

    def test_the_place_itself_counts(self, scene: Scene) -> None:
        job = scene.create()
        marks = [mark_of(job)]
        assert scene.run(overlooked(None, suspects=True, marks=marks)) == marks

    def test_what_comes_later_does_not(self, scene: Scene) -> None:
        job = scene.started()
        scene.create()
        assert scene.run(overlooked(None, suspects=True, marks=[mark_of(job)])) == []

    def test_neither_do_running_parked_and_other_jobs(self, scene: Scene) -> None:
        worker = scene.worker()
        scene.started(worker)
        scene.create(type="other")
        scene.create(queue="elsewhere")
        scene.create(priority=7)
        last = scene.create(type="mine")
        scene.all("update steve.job set parked = true where type = 'mine' returning id")
        look = overlooked(["mine", "t"], suspects=True, marks=[mark_of(last)])
        assert scene.run(look) == []
        scene.all("update steve.job set parked = false where type = 'mine' returning id")
        assert scene.run(look) == [mark_of(last)]

    def test_not_what_was_to_start_too_long_before(self, scene: Scene) -> None:
        early = scene.create(run_at=scene.now() - timedelta(seconds=50))
        late = scene.create(run_at=scene.now() - timedelta(seconds=5))
        marks = [mark_of(scene.create())]
        for within, first in (60.0, early), (20.0, late):
            look = overlooked(None, suspects=True, marks=marks, within=within)
            assert scene.run(look) == [mark_of(first)]
        assert scene.run(overlooked(None, suspects=True, marks=marks, within=1.0)) == marks

    def test_suspects_only_where_they_may_be_taken(self, scene: Scene) -> None:
        worker = scene.worker()
        job = scene.started(worker, max_crashes=2)
        scene.crash(worker)
        last = scene.create()
        scene.claim(scene.worker(), suspects=False)
        marks = [mark_of(last)]
        assert scene.run(overlooked(None, suspects=False, marks=marks)) == []
        ((_, _, _, id),) = scene.run(overlooked(None, suspects=True, marks=marks))
        assert id == job.id

    def test_one_given_back_is_found(self, scene: Scene) -> None:
        job = scene.started()
        last = scene.started()
        assert scene.finish(job, NOT_YET) is not None
        scene.all("update steve.job set run_at = %s where id = %s returning id", job.run_at, job.id)
        ((_, _, _, id),) = scene.run(overlooked(None, suspects=True, marks=[mark_of(last)]))
        assert id == job.id
