"""Who gets which job, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from integration.sql.overlap import Overlap
from integration.sql.scene import HOUR, NOT_YET, Scene
from steve.operations.claim import claim
from steve.operations.queue import pause, resume
from steve.operations.reconcile import orphans
from steve.operations.worker import retire

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from steve.core.job import Job

pytestmark = pytest.mark.any_postgres


def uids(jobs: list[Job]) -> list[UUID]:
    return [job.uid for job in jobs]


def test_order_is_priority_then_time_then_creation(scene: Scene) -> None:
    now = scene.now()
    wanted = [
        ({"priority": 7}, 0),
        ({"priority": 0, "run_at": now - timedelta(seconds=9)}, 1),
        ({"priority": -7, "run_at": now - timedelta(seconds=10)}, 4),
        ({"priority": 0, "run_at": now - timedelta(seconds=9)}, 2),
        ({"priority": 0, "run_at": now - timedelta(seconds=8)}, 3),
    ]
    made = {place: scene.create(**options).uid for options, place in wanted}

    worker = scene.worker()
    assert uids(scene.claim(worker, 3).jobs) == [made[0], made[1], made[2]]
    assert uids(scene.claim(worker, 3).jobs) == [made[3], made[4]]
    assert scene.claim(worker, 3).jobs == []


def test_what_is_claimed_is_in_the_answer(scene: Scene) -> None:
    options: dict[str, Any] = {
        "type": "send",
        "payload": b'{"to": [1, null]}',
        "priority": 3,
        "timeout": 7.5,
        "max_attempts": 9,
        "max_crashes": 8,
        "backoff": "none",
        "tags": ["a", "b"],
        "meta": b'{"m": 1}',
    }
    made = scene.create(**options)
    worker = scene.worker()
    (job,) = scene.claim(worker).jobs

    assert (job.uid, job.id, job.type, job.payload) == (
        made.uid,
        made.id,
        "send",
        {"to": [1, None]},
    )
    assert (job.priority, job.timeout, job.tags, job.meta) == (3, 7.5, ["a", "b"], {"m": 1})
    assert (job.max_attempts, job.max_crashes, job.backoff_strategy) == (9, 8, "none")
    assert (job.status, job.worker, job.attempts, job.refunded, job.crashes) == (
        "running", worker, 1, 0, 0,
    )  # fmt: skip
    assert (job.created_at, job.run_at, job.scheduled_at) == (
        made.created_at, made.run_at, made.run_at,
    )  # fmt: skip
    found = scene.found(made.uid)
    assert found.started_at == job.started_at
    assert (found.attempt_id, found.status, found.worker) == (job.attempt_id, "running", worker)


def test_every_claim_has_a_new_attempt_id(scene: Scene) -> None:
    worker = scene.worker()
    job = scene.started(worker, max_attempts=5)
    seen = [job.attempt_id]
    for _ in range(3):
        assert scene.finish(job, NOT_YET) is not None
        (job,) = scene.claim(worker).jobs
        seen.append(job.attempt_id)
    assert len(set(seen)) == 4
    assert job.attempts == 4


def test_the_future_is_not_claimed_until_it_comes(scene: Scene) -> None:
    later = scene.create(delay=100.0, priority=50)
    now = scene.create()
    worker = scene.worker(lease=HOUR)
    assert uids(scene.claim(worker, 5).jobs) == [now.uid]
    scene.set_ahead(101)
    assert uids(scene.claim(worker, 5).jobs) == [later.uid]


@pytest.mark.parametrize(
    ("types", "claimed"),
    [(None, "abc"), (["a"], "a"), (["c", "a"], "ac"), (["z"], ""), ([], "")],
    ids=["all", "one", "two", "unknown", "none"],
)
def test_types(scene: Scene, types: list[str] | None, claimed: str) -> None:
    for type in "abc":
        scene.create(type=type)
    jobs = scene.claim(scene.worker(), 9, types=types).jobs
    assert "".join(job.type for job in jobs) == claimed


@pytest.mark.parametrize(
    ("queues", "slots", "claimed"),
    [
        ({"a": 9, "b": 9}, 9, "aaabbb"),
        ({"b": 9, "a": 9}, 9, "aaabbb"),
        ({"b": 9}, 9, "bbb"),
        ({"a": 9, "b": 9}, 2, "aa"),
        ({"b": 9, "a": 9}, 2, "bb"),
        ({"a": 1, "b": 9}, 9, "abbb"),
        ({"a": 1, "b": 1}, 9, "ab"),
        ({"a": 0, "b": 2}, 9, "bb"),
        ({"a": 1, "b": 9}, 3, "abb"),
        ({"a": 9, "b": 9, "unknown": 9}, 4, "aaab"),
    ],
    ids=str,
)
def test_queues_in_turn_and_their_capacities(
    scene: Scene, queues: dict[str, int], slots: int, claimed: str
) -> None:
    for queue in "abcabcabc":
        scene.create(queue=queue)
    found = scene.claim(scene.worker(queues=["a", "b"]), slots, queues=queues)
    assert sorted(job.queue for job in found.jobs) == [*claimed]


def test_priority_counts_before_the_order_of_queues(scene: Scene) -> None:
    low = scene.create(queue="a")
    high = scene.create(queue="b", priority=1)
    worker = scene.worker()
    assert uids(scene.claim(worker, 1, queues={"a": 9, "b": 9}).jobs) == [high.uid]
    assert uids(scene.claim(worker, 1, queues={"a": 9, "b": 9}).jobs) == [low.uid]


def test_a_full_queue_leaves_room_for_the_others(scene: Scene) -> None:
    """The jobs of `a` come first, but most of them are more than it may have."""
    for _ in range(9):
        scene.create(queue="a", priority=1)
    others = [scene.create(queue="b").uid for _ in range(3)]
    found = scene.claim(scene.worker(), 4, queues={"a": 1, "b": 9})
    assert uids(found.jobs)[1:] == others


def test_capacity_holds_across_priorities(scene: Scene) -> None:
    made = [scene.create(priority=priority).uid for priority in (1, 2, 3)]
    found = scene.claim(scene.worker(), 9, queues={"default": 2})
    assert uids(found.jobs) == [made[2], made[1]]
    assert found.held_back == 1


def test_a_paused_queue_is_left_alone(scene: Scene) -> None:
    scene.create(queue="a")
    kept = scene.create(queue="b")
    scene.run(pause("a"))
    worker = scene.worker(lease=100 * HOUR)
    assert uids(scene.claim(worker, 9, queues={"a": 9, "b": 9}).jobs) == [kept.uid]
    scene.set_ahead(50 * HOUR)
    assert scene.claim(worker, 9, queues={"a": 9}).jobs == []
    assert scene.run(resume("a"))
    assert len(scene.claim(worker, 9, queues={"a": 9}).jobs) == 1


def test_a_pause_ends_by_itself(scene: Scene) -> None:
    scene.create()
    scene.run(pause("default", scene.now() + timedelta(seconds=60)))
    worker = scene.worker(lease=HOUR)
    assert scene.claim(worker).jobs == []
    scene.set_ahead(61)
    assert len(scene.claim(worker).jobs) == 1


@pytest.mark.parametrize("end", ["silent", "buried", "retired", "unknown"])
def test_who_is_not_alive_gets_nothing(scene: Scene, end: str) -> None:
    scene.create()
    worker = scene.worker()
    match end:
        case "silent":
            scene.set_ahead(31)
        case "buried":
            scene.crash(worker)
        case "retired":
            scene.run(retire(worker))
        case _:
            worker += 1
    assert scene.claim(worker).jobs == []
    assert len(scene.claim(scene.worker()).jobs) == 1


def test_two_claims_at_once_share_the_jobs(connect: Callable[[], Scene]) -> None:
    one, two = connect(), connect()
    made = [one.create().uid for _ in range(5)]
    first, second = one.worker(), one.worker()
    with one.connection.transaction():
        got = uids(one.claim(first, 2).jobs)
        rest = uids(two.claim(second, 9).jobs)
    assert (got, rest) == (made[:2], made[2:])


def test_what_others_take_while_a_claim_waits_is_theirs(connect: Callable[[], Scene]) -> None:
    one, two, watcher = connect(), connect(), connect()
    made = [one.create().uid for _ in range(3)]
    worker = one.worker()
    with one.connection.transaction():
        one.all("select id from steve.worker where id = %s for update", worker)
        overlap = Overlap(one, two, watcher, lambda: two.claim(worker, 9))
        others = uids(watcher.claim(watcher.worker(), 2).jobs)
    assert overlap.waited
    assert (others, uids(overlap.answer().jobs)) == (made[:2], made[2:])


def test_jobs_that_a_worker_holds_unknowingly_are_found(scene: Scene) -> None:
    worker = scene.worker()
    known = scene.started(worker)
    lost = scene.started(worker)
    scene.started()
    (orphan,) = scene.run(orphans(worker, [known.attempt_id or 0]))
    assert (orphan.uid, orphan.attempt_id, orphan.worker) == (lost.uid, lost.attempt_id, worker)
    assert scene.run(orphans(worker, [known.attempt_id or 0, lost.attempt_id or 0])) == []


def test_nothing_to_look_for(scene: Scene) -> None:
    scene.create()
    worker = scene.worker()
    for queues in ({}, {"default": 0}):
        found = scene.run(
            claim(worker, queues, None, slots=9, ahead=9, suspects=True),
        )
        assert (found.jobs, found.held_back) == ([], 0)
