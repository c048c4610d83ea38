"""Creating jobs, through the operation and through the functions that are open to everybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from integration.sql.overlap import Overlap
from integration.sql.scene import Scene, prepared
from model.rows import Rows
from steve.core.uid import uid_time, uuid7
from steve.operations.control import cancel
from steve.operations.create import clock, create, create_one, known

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.any_postgres

DEFAULTS: dict[str, Any] = {
    "attempts": 0,
    "attempted_at": None,
    "backoff_strategy": "exp",
    "cancel_requested_at": None,
    "completed_at": None,
    "crashes": 0,
    "error": None,
    "max_attempts": 3,
    "max_crashes": 3,
    "meta": {},
    "parked": False,
    "payload": {},
    "priority": 0,
    "progress": None,
    "queue": "default",
    "refunded": 0,
    "result": None,
    "started_at": None,
    "status": "pending",
    "tags": [],
    "timeout": None,
    "type": "t",
    "worker": None,
    "attempt_id": None,
}


def live(scene: Scene, uid: UUID) -> dict[str, Any]:
    row = scene.row(uid, "steve.job")
    assert row is not None
    return row


EVERYTHING: dict[str, Any] = {
    "type": "send", "payload": b'{"a":[1]}', "queue": "q", "priority": -7, "max_attempts": 9,
    "max_crashes": 0, "backoff": "none", "timeout": 2.5, "tags": ["x", "ü"], "meta": b'{"m":1}',
}  # fmt: skip


@pytest.mark.parametrize(
    "start", [{}, {"delay": 30.0}, {"run_at": datetime(2040, 1, 1, tzinfo=UTC)}], ids=str
)
@pytest.mark.parametrize("said", [{}, EVERYTHING], ids=["nothing", "everything"])
def test_one_and_several_are_created_alike(
    scene: Scene, said: dict[str, Any], start: dict[str, Any]
) -> None:
    scene.set_ahead(0)
    scene.connection.execute("begin")
    rows: list[dict[str, Any]] = []
    for operation in (
        create_one(prepared(**said, **start), actor="me"),
        create([prepared(**said, **start)], actor="me"),
    ):
        (made,) = scene.run(operation)
        row = live(scene, made.uid)
        assert (made.id, made.status, made.created_at, made.run_at) == (
            row["id"], row["status"], row["created_at"], row["run_at"],
        )  # fmt: skip
        rows.append(row)
    times = ("created_at", "updated_at", "run_at", "scheduled_at")
    for row in rows:
        # The two statements are not of the same moment.
        after = [row[name] - row["created_at"] for name in times]
        row |= dict(zip(times, after, strict=True)) if "run_at" not in start else {
            "created_at": None, "updated_at": None,
        }  # fmt: skip
        del row["id"], row["uid"]
    assert rows[0] == rows[1]


def test_one_that_exists_is_refused(scene: Scene) -> None:
    made = scene.create()
    with pytest.raises(psycopg.errors.UniqueViolation):
        scene.run(create_one(prepared(made.uid)))


@pytest.mark.parametrize("way", ["operation", "create_job", "create_jobs", "insert"])
def test_defaults_are_the_same_everywhere(scene: Scene, way: str) -> None:
    match way:
        case "operation":
            uid = scene.create().uid
        case "create_job":
            uid = scene.value("select steve.create_job('t')")
        case "create_jobs":
            uid = scene.value("""select uid from steve.create_jobs('[{"type": "t"}]')""")
        case _:
            uid = uuid7()
            scene.all("insert into steve.job (uid, type) values (%s, 't') returning id", uid)
    row = live(scene, uid)
    assert {name: row[name] for name in DEFAULTS} == DEFAULTS
    assert row["run_at"] == row["scheduled_at"] == row["created_at"] == row["updated_at"]


def test_everything_can_be_said(scene: Scene) -> None:
    start = scene.now() + timedelta(hours=1)
    said: dict[str, Any] = {
        "type": "send",
        "queue": "mail",
        "priority": -100,
        "max_attempts": 32767,
        "max_crashes": 0,
        "timeout": 1.5,
        "tags": ["a", "ü"],
    }
    job = prepared(
        **said,
        payload=b'{"x": [1, 2.5, null]}',
        meta=b'{"m": true}',
        backoff="none",
        run_at=start,
    )
    (made,) = scene.run(create([job], actor="me"))
    by_function = scene.value(
        """select steve.create_job('send', '{"x": [1, 2.5, null]}', 'mail', %s, -100, 32767, 'none',
            1.5, 0, array['a', 'ü'], '{"m": true}', 'me')""",
        start,
    )
    for row in (live(scene, job.uid), live(scene, by_function)):
        assert {name: row[name] for name in said} == said
        assert (row["payload"], row["meta"]) == ({"x": [1, 2.5, None]}, {"m": True})
        assert (row["backoff_strategy"], row["actor"]) == ("none", "me")
        assert row["run_at"] == row["scheduled_at"] == start
    assert (made.uid, made.run_at, made.status) == (job.uid, start, "pending")


def test_a_delay_counts_from_now(scene: Scene) -> None:
    made = scene.create(delay=90.5)
    assert made.run_at == made.created_at + timedelta(seconds=90.5)


def test_many_keep_their_order(scene: Scene) -> None:
    jobs = [prepared() for _ in range(20)]
    made = scene.run(create(jobs))
    assert [one.uid for one in made] == [job.uid for job in jobs]
    assert [one.id for one in made] == sorted(one.id for one in made)
    assert scene.run(create([])) == []


def test_all_or_none(scene: Scene) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        scene.run(create([prepared(), prepared(priority=101)]))
    assert Rows(scene.connection).jobs == []


def test_a_uid_is_used_once(connect: Callable[[], Scene]) -> None:
    one, two, watcher = connect(), connect(), connect()
    job = prepared()
    with one.connection.transaction():
        one.run(create([job]))
        overlap = Overlap(one, two, watcher, lambda: two.run(create([prepared(), job])))
    assert overlap.waited
    with pytest.raises(psycopg.errors.UniqueViolation, match="exists already") as raised:
        overlap.answer()
    assert raised.value.diag.constraint_name == "job_pkey"
    assert [row.uid for row in Rows(one.connection).jobs] == [job.uid]


@pytest.mark.parametrize("state", ["pending", "running", "completed", "cancelled"])
def test_what_is_sent_again_is_made_once(scene: Scene, state: str) -> None:
    job = prepared()
    scene.run(create([job]))
    if state == "cancelled":
        scene.run(cancel([job.uid]))
    elif state != "pending":
        (running,) = scene.claim(scene.worker()).jobs
        if state == "completed":
            scene.finish(running)
    fresh = prepared()
    made = scene.run(create([job, fresh], resent=True))
    assert [one.uid for one in made] == [fresh.uid]
    assert scene.found(job.uid).status == state
    assert sorted(scene.run(known([job.uid, fresh.uid, uuid7()]))) == sorted([job.uid, fresh.uid])
    Rows(scene.connection).check()


def test_the_first_send_may_have_been_carried_out_meanwhile(connect: Callable[[], Scene]) -> None:
    """It was not committed when the second one looked, and its job is over when that goes on."""
    one, two, watcher = connect(), connect(), connect()
    job = prepared()
    worker = watcher.worker()
    one.connection.execute("begin")
    one.run(create([job]))
    overlap = Overlap(one, two, watcher, lambda: two.run(create([job], resent=True)))
    assert overlap.waited
    # Claimed and completed before anybody else may look.
    (running,) = one.claim(worker).jobs
    assert one.finish(running) is not None
    one.connection.execute("commit")
    assert overlap.answer() == []
    (row,) = Rows(watcher.connection).jobs
    assert (row.uid, row.status) == (job.uid, "completed")
    Rows(watcher.connection).check()


def test_a_first_send_that_is_rolled_back_is_made_up_for(connect: Callable[[], Scene]) -> None:
    one, two, watcher = connect(), connect(), connect()
    job = prepared()
    one.connection.execute("begin")
    one.run(create([job]))
    overlap = Overlap(one, two, watcher, lambda: two.run(create([job], resent=True)))
    one.connection.execute("rollback")
    assert overlap.waited
    assert [made.uid for made in overlap.answer()] == [job.uid]


def test_a_trigger_can_create_jobs(scene_of_its_own: Scene) -> None:
    scene = scene_of_its_own
    scene.connection.execute("""
        create table orders (id integer);
        create function send_mail() returns trigger language plpgsql as $$ begin
            perform steve.create_job('send', jsonb_build_object('order', new.id));
            return new;
        end $$;
        create trigger sends after insert on orders for each row execute function send_mail();
        insert into orders values (7)
    """)
    (job,) = scene.claim(scene.worker()).jobs
    assert (job.type, job.payload) == ("send", {"order": 7})


def test_uids_of_the_database(scene: Scene) -> None:
    uids = [uid for (uid,) in scene.all("select steve.uuid7() from generate_series(1, 1000)")]
    assert len(set(uids)) == 1000
    assert {(uid.version, uid.variant) for uid in uids} == {(7, "specified in RFC 4122")}
    # Among those of one millisecond order is by chance.
    assert [uid.int >> 80 for uid in uids] == sorted(uid.int >> 80 for uid in uids)
    made = uid_time(uids[-1])
    assert made is not None
    assert abs(scene.value("select clock_timestamp()") - made) < timedelta(seconds=5)
    assert len({uid.int & (1 << 60) - 1 for uid in uids}) == 1000


def test_the_clock(scene_of_its_own: Scene) -> None:
    """It moves on within a transaction, and stands still within a statement."""
    with scene_of_its_own.connection.transaction():
        began = scene_of_its_own.value("select now()")
        first = scene_of_its_own.run(clock())
        second, third = scene_of_its_own.all(
            "select steve.now() from generate_series(1, 2), lateral (select pg_sleep(0.001)) as s"
        )
    assert began < first < second[0] == third[0]
