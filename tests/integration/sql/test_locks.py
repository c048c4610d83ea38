"""Rows are locked in one order everywhere, so that no two statements wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from integration.sql.overlap import Overlap
from integration.sql.scene import HOUR, NOT_YET, Scene
from steve.core.outcome import Complete
from steve.core.uid import uuid7
from steve.operations.control import cancel, delete
from steve.operations.finish import Progressed, Report, complete, progress, settle
from steve.operations.maintenance import rescue

if TYPE_CHECKING:
    from steve.core.job import Job
    from steve.database.execute import Runnable

pytestmark = pytest.mark.any_postgres

PLANS = ("force_custom_plan", "force_generic_plan")
STATEMENTS: dict[str, Callable[[list[Job]], Runnable[Any]]] = {
    "complete": lambda jobs: complete([Report(job, Complete(), 0.0) for job in jobs]),
    "settle": lambda jobs: settle([Report(job, NOT_YET, 0.0) for job in jobs]),
    "cancel": lambda jobs: cancel([job.uid for job in jobs]),
    "delete": lambda jobs: delete([job.uid for job in jobs], skip_running=True),
}


def fill(scene: Scene) -> None:
    """Make the table so large that a plan of a production database is chosen."""
    scene.connection.execute("""
        insert into steve.job (uid, type, run_at)
        select steve.uuid7(), 'other', now() + interval '1 hour' from generate_series(1, 2000);
        analyze steve.job
    """)


def jobs_in_reverse(scene: Scene) -> list[Job]:
    """Running jobs whose uids go down as they were created, and lie in the table."""
    worker = scene.worker(lease=HOUR)
    return [scene.started(worker, uid=uid) for uid in sorted(uuid7() for _ in range(4))[::-1]]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("name", STATEMENTS)
def test_the_smallest_uid_comes_first(connect: Callable[[], Scene], name: str, plan: str) -> None:
    """While another holds the smallest, the statement waits and holds none of the others."""
    other, scene, watcher = connect(), connect(), connect()
    fill(scene)
    jobs = jobs_in_reverse(scene)
    smallest = min(job.uid for job in jobs)
    scene.connection.execute(f"set plan_cache_mode = {plan}".encode())
    with other.connection.transaction():
        other.all("select uid from steve.job where uid = %s for update", smallest)
        overlap = Overlap(other, scene, watcher, lambda: scene.run(STATEMENTS[name](jobs)))
        assert overlap.waited
        free = "select uid from steve.job where type = 't' for update skip locked"
        with watcher.connection.transaction():
            found = {uid for (uid,) in watcher.all(free)}
        assert found == {job.uid for job in jobs} - {smallest}
    overlap.answer()


def test_rescue_waits_for_nobody(connect: Callable[[], Scene]) -> None:
    other, scene = connect(), connect()
    jobs = jobs_in_reverse(other)
    scene.all("update steve.worker set died_at = now(), death = 'lost' returning id")
    with other.connection.transaction():
        other.run(cancel([jobs[1].uid]))
        rescued = scene.run(rescue([jobs[0].worker or 0], 9))
    assert {job.uid for job in rescued} == {job.uid for job in jobs} - {jobs[1].uid}


def test_progress_that_meets_a_cancellation(connect: Callable[[], Scene]) -> None:
    one, two, watcher = connect(), connect(), connect()
    jobs = jobs_in_reverse(one)
    one.connection.execute("begin")
    one.run(cancel([jobs[2].uid]))
    steps = [Progressed(job, 0.5, None) for job in jobs]
    overlap = Overlap(one, two, watcher, lambda: two.run(progress(steps)))
    one.connection.execute("commit")
    assert overlap.waited
    assert overlap.answer() == {job.id: job is jobs[2] for job in jobs}
