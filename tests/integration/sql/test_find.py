"""Looking at jobs: one by one with their attempts, and in pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from integration.sql.scene import HOUR, NEVER, NOT_YET, Scene
from steve.core.outcome import Complete, Released, Snoozed
from steve.core.uid import uuid7
from steve.operations.control import cancel, retry
from steve.operations.query import find, page

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.any_postgres


def at(moment: datetime) -> UUID:
    """A uid that says it was made then."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | uuid7().int & (1 << 80) - 1)


@pytest.mark.parametrize(
    "uid",
    [uuid7(), uuid4(), at(datetime(2001, 1, 1, tzinfo=UTC)), at(datetime(2222, 1, 1, tzinfo=UTC))],
    ids=["of now", "without a time", "of a clock that is late", "of a clock that is early"],
)
@pytest.mark.parametrize("over", [False, True], ids=["live", "archived"])
def test_a_job_is_found_whatever_its_uid_says(scene: Scene, uid: UUID, over: bool) -> None:
    made = scene.over(NEVER, uid=uid).uid if over else scene.create(uid=uid).uid
    assert scene.found(made).status == ("failed" if over else "pending")


def test_some_of_many(scene: Scene) -> None:
    live, over, odd = scene.create().uid, scene.over(priority=1).uid, uuid4()
    scene.over(uid=odd, priority=1)
    found = scene.run(find([live, over, odd, uuid7(), uuid4()]))
    assert {job.uid: job.status for job, _ in found} == {
        live: "pending", over: "completed", odd: "completed",
    }  # fmt: skip
    assert [attempts for _, attempts in found] == [None] * 3
    assert scene.run(find([])) == []
    assert scene.run(find([uuid7()])) == []
    # A time that neither Python nor a partition has.
    assert scene.run(find([UUID("e677d21f-dbff-7000-8000-000000000000")])) == []
    assert scene.run(find([UUID("ffffffff-ffff-7fff-bfff-ffffffffffff")])) == []


def run_through(scene: Scene) -> UUID:
    """A job whose attempts ended in all ways, and that completed at last."""
    worker = scene.worker()
    job = scene.started(worker, max_attempts=3)
    for outcome in (NOT_YET, Snoozed(0.0), Released(), NEVER):
        scene.finish(job, outcome)
        if outcome is NEVER:
            scene.run(retry([job.uid]))
        (job,) = scene.claim(worker).jobs
    scene.crash(worker)
    (job,) = scene.claim(scene.worker(lease=HOUR)).jobs
    scene.run(cancel([job.uid]))
    scene.finish(job, Released())
    scene.run(retry([job.uid]))
    (job,) = scene.claim(scene.worker(lease=HOUR)).jobs
    scene.finish(job, Complete(b"1"))
    return job.uid


def test_all_attempts_are_found(scene: Scene) -> None:
    uid = run_through(scene)
    attempts = scene.attempts(uid)
    assert [attempt.status for attempt in attempts] == [
        "error", "snoozed", "released", "error", "lost", "cancelled", "success",
    ]  # fmt: skip
    assert [attempt.attempt_number for attempt in attempts] == [1, 2, 3, 4, 5, 6, 7]
    assert [attempt.id for attempt in attempts] == sorted({attempt.id for attempt in attempts})
    for attempt in attempts:
        assert attempt.started_at is not None
        assert attempt.completed_at is not None
        assert attempt.started_at <= attempt.completed_at
        assert attempt.started_at.tzinfo is not None
        assert attempt.worker is not None
    job = scene.found(uid)
    assert attempts[-1].completed_at == job.completed_at
    assert attempts[0].started_at == job.started_at


@pytest.mark.parametrize(
    ("state", "statuses"),
    [("pending", []), ("running", ["running"]), ("completed", ["success"]), ("failed", ["error"])],
)
def test_the_attempt_that_has_no_row_is_made_up(
    scene: Scene, state: str, statuses: list[str]
) -> None:
    make: dict[str, Callable[[], Any]] = {
        "pending": scene.create,
        "running": scene.started,
        "completed": scene.over,
        "failed": lambda: scene.over(NEVER),
    }
    job = make[state]()
    attempts = scene.attempts(job.uid)
    assert [attempt.status for attempt in attempts] == statuses
    for attempt in attempts:
        assert (attempt.id, attempt.worker) == (job.attempt_id, job.worker)
        assert attempt.started_at == job.started_at
        assert (attempt.completed_at is None) == (state == "running")


def pages(scene: Scene, size: int, **filters: Any) -> list[int]:
    """Turn pages to the end; the ids in the order of their appearance."""
    ids: list[int] = []
    after = None
    while found := scene.run(page(limit=size, after=after, **filters)):
        assert len(found) <= size
        ids += [job.id for job in found]
        after = ids[-1]
    return ids


@pytest.mark.parametrize("ascending", [False, True], ids=["newest first", "oldest first"])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_pages_show_each_job_once(scene: Scene, size: int, ascending: bool) -> None:
    made = [scene.create().id for _ in range(4)] + [scene.over(priority=1).id for _ in range(4)]
    made.append(scene.started(priority=1).id)
    assert pages(scene, size, ascending=ascending) == sorted(made, reverse=not ascending)


def test_a_page_stays_where_it_is_when_jobs_come_and_move(scene: Scene) -> None:
    made = [scene.create().id for _ in range(6)]
    (first, second) = scene.run(page(limit=2))
    (job,) = scene.claim(scene.worker()).jobs
    scene.finish(job)
    scene.create()
    rest = scene.run(page(limit=9, after=second.id))
    assert [first.id, second.id, *(job.id for job in rest)] == made[::-1]


def test_an_offset(scene: Scene) -> None:
    made = [scene.create().id for _ in range(5)]
    assert [job.id for job in scene.run(page(limit=2, offset=1))] == made[3:1:-1]
    assert [job.id for job in scene.run(page(limit=9, offset=4, ascending=True))] == made[4:]


@pytest.mark.parametrize("ascending", [False, True], ids=["newest first", "oldest first"])
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, "abcde"),
        ({"statuses": ["pending"]}, "de"),
        ({"statuses": ["completed", "failed"]}, "bc"),
        ({"statuses": []}, ""),
        ({"types": ["t"]}, "abc"),
        ({"types": ["x", "y"]}, "de"),
        ({"queues": ["q"]}, "d"),
        ({"tag": "red"}, "ae"),
        ({"tag": "re"}, ""),
        ({"statuses": ["running", "pending"], "tag": "red", "types": ["x"]}, "e"),
    ],
    ids=str,
)
def test_filters(scene: Scene, filters: dict[str, Any], found: str, ascending: bool) -> None:
    names = {
        scene.started(tags=["red", "blue"]).id: "a",
        scene.over(Complete()).id: "b",
        scene.over(NEVER).id: "c",
        scene.create(type="y", queue="q").id: "d",
        scene.create(type="x", tags=["red"]).id: "e",
    }
    jobs = scene.run(page(ascending=ascending, **filters))
    expected = found if ascending else found[::-1]
    assert "".join(names[job.id] for job in jobs) == expected


def test_since(scene: Scene) -> None:
    scene.create()
    scene.set_ahead(HOUR)
    late = scene.create().id
    since = scene.now() - timedelta(seconds=HOUR / 2)
    assert [job.id for job in scene.run(page(since=since))] == [late]
