"""Writing log lines: under the fence, in order, at the time when they were logged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integration.sql.scene import NOT_YET, Scene
from steve.core.job import Job
from steve.operations.finish import Logged, log
from steve.operations.monitor_job import Line
from steve.operations.monitor_job import log as read

pytestmark = pytest.mark.any_postgres


def write(scene: Scene, *lines: tuple[Job, str], ago: float = 0.0) -> None:
    scene.run(log([Logged(job, 0.0, 20, text) for job, text in lines], ago))


def lines(scene: Scene, job: Job) -> list[Line]:
    return scene.run(read(job.uid))


def test_lines_keep_their_order_and_their_attempt(scene: Scene) -> None:
    worker = scene.worker()
    first, other = scene.started(worker), scene.started(worker)
    write(scene, (first, "a"), (other, "x"), (first, "b"), (other, "y"))
    scene.finish(first, NOT_YET)
    (again,) = scene.claim(worker).jobs
    assert again.uid == first.uid
    write(scene, (again, "c"))
    assert [(line.attempt, line.message) for line in lines(scene, first)] == [
        (1, "a"), (1, "b"), (2, "c"),
    ]  # fmt: skip
    assert [line.message for line in lines(scene, other)] == ["x", "y"]


def test_who_has_lost_the_job_writes_nothing(scene: Scene) -> None:
    worker = scene.worker()
    lost, held, over = scene.started(worker), scene.started(worker), scene.started(worker)
    scene.finish(over)
    scene.finish(lost, NOT_YET)
    scene.claim(scene.worker())
    write(scene, (lost, "late"), (over, "late"), (held, "in time"))
    assert (lines(scene, lost), lines(scene, over)) == ([], [])
    assert [line.message for line in lines(scene, held)] == ["in time"]


def test_a_line_has_the_time_when_it_was_logged(scene: Scene) -> None:
    job = scene.started()
    scene.set_ahead(60)
    write(scene, (job, "before"), ago=20.0)
    write(scene, (job, "long before"), ago=1e6)
    first, second = lines(scene, job)
    began = scene.row(job.uid)
    assert began is not None
    assert first.at - began["attempted_at"] == pytest.approx(
        timedelta(seconds=40), abs=timedelta(seconds=5)
    )
    # Not before there was anybody to log it, or a partition for it.
    assert second.at == began["attempted_at"]
