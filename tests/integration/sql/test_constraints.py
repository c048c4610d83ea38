"""What the tables refuse, whoever writes to them."""

from __future__ import annotations

import psycopg
import pytest

from integration.sql.scene import Scene
from steve.core.uid import uuid7

pytestmark = pytest.mark.any_postgres

RUNNING = "status = 'running', worker = 1, attempt_id = 1, attempts = 1"
REFUSED = {
    "over": ("status = 'completed'", "job_live"),
    "failed": ("status = 'failed'", "job_live"),
    "unknown status": ("status = 'sleeping'", "job_live"),
    "running without a worker": (
        "status = 'running', attempt_id = 1, attempts = 1", "job_running_has_worker",
    ),
    "pending with a worker": ("worker = 1", "job_running_has_worker"),
    "blocked with a worker": ("status = 'blocked', worker = 1", "job_running_has_worker"),
    "running without an attempt": (
        "status = 'running', worker = 1, attempts = 1", "job_running_has_attempt",
    ),
    "pending with no attempt left": ("attempts = 3", "job_pending_has_attempt_left"),
    "pending with refunds, none left": (
        "attempts = 5, refunded = 2", "job_pending_has_attempt_left",
    ),
    "cancelling while pending": ("cancel_requested_at = now()", "job_cancel_only_running"),
    "negative attempts": ("attempts = -1, refunded = -1", "job_counts"),
    "more refunds than attempts": ("attempts = 1, refunded = 2", "job_counts"),
    "negative refunds": ("refunded = -1", "job_counts"),
    "negative crashes": ("crashes = -1", "job_counts"),
    "no attempts": (f"max_attempts = 0, {RUNNING}", "job_limits"),
    "negative max_crashes": ("max_crashes = -1", "job_limits"),
    "priority too high": ("priority = 101", "job_priority"),
    "priority too low": ("priority = -101", "job_priority"),
    "no type": ("type = ''", "job_type"),
    "long type": ("type = repeat('x', 256)", "job_type"),
    "no queue": ("queue = ''", "job_queue"),
    "long queue": ("queue = repeat('x', 256)", "job_queue"),
    "no time": ("timeout = 0", "job_timeout"),
    "negative time": ("timeout = -1", "job_timeout"),
    "never": ("run_at = 'infinity'", "job_run_at"),
    "since ever": ("run_at = '-infinity'", "job_run_at"),
}  # fmt: skip
ALLOWED = {
    "running": RUNNING,
    "running, the last attempt": "status = 'running', worker = 1, attempt_id = 1, attempts = 3",
    "running, more attempts than allowed": f"{RUNNING}, max_attempts = 1",
    "cancelling": f"{RUNNING}, cancel_requested_at = now()",
    "pending, all refunded": "attempts = 9, refunded = 9",
    "blocked": "status = 'blocked'",
    "the longest names": "type = repeat('x', 255), queue = repeat('ü', 255)",
    "the highest priority": "priority = 100",
    "the lowest priority": "priority = -100",
    "no crashes allowed": "max_crashes = 0",
    "the long ago": "run_at = '0044-03-15 BC'",
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(scene: Scene, what: str) -> None:
    change, constraint = REFUSED[what]
    uid = scene.create().uid
    with pytest.raises(psycopg.errors.CheckViolation) as raised:
        scene.connection.execute(f"update steve.job set {change} where uid = %s".encode(), [uid])
    assert raised.value.diag.constraint_name == constraint


@pytest.mark.parametrize("what", ALLOWED)
def test_allowed(scene: Scene, what: str) -> None:
    uid = scene.create().uid
    scene.connection.execute(f"update steve.job set {ALLOWED[what]} where uid = %s".encode(), [uid])


def test_every_constraint_is_tried(scene: Scene) -> None:
    names = scene.all("""
        select conname from pg_constraint
        where conrelid = 'steve.job'::regclass and contype = 'c'
    """)
    assert {name for (name,) in names} == {constraint for _, constraint in REFUSED.values()}


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update steve.worker set died_at = now()", "worker_death"),
        ("update steve.worker set death = 'lost'", "worker_death"),
        ("update steve.worker set swept_at = now()", "worker_swept"),
        ("insert into steve.queue (name) values ('')", "queue_name"),
        ("insert into steve.queue (name) values (repeat('x', 256))", "queue_name"),
        ("insert into steve.queue (name, concurrency) values ('q', 0)", "queue_concurrency"),
        (
            """insert into steve.attempt
            (id, job_id, started_at, completed_at, attempt_number, status)
            values (1, 1, now(), now(), 1, 'running')""",
            "attempt_status",
        ),
    ],
)
def test_other_tables(scene: Scene, statement: str, constraint: str) -> None:
    scene.worker()
    with pytest.raises(psycopg.errors.CheckViolation) as raised:
        scene.connection.execute(statement.encode())
    assert raised.value.diag.constraint_name == constraint


@pytest.mark.parametrize("status", ["pending", "running", "blocked", "unknown"])
def test_what_is_not_over_has_no_place_in_the_archive(scene: Scene, status: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="no partition of relation"):
        scene.all(
            """insert into steve.job_archive (id, uid, type, status, completed_at)
            values (1, %s, 't', %s, now()) returning id""",
            uuid7(),
            status,
        )


def test_what_is_over_has_an_end(scene: Scene) -> None:
    with pytest.raises(psycopg.IntegrityError):
        scene.all(
            "insert into steve.job_archive (id, uid, type, status) values (1, %s, 't', 'failed')",
            uuid7(),
        )


def test_the_view_has_every_public_field(scene: Scene) -> None:
    """A column is public if both tables have it, and it is not room kept for later."""
    later = {"limits", "blockers", "batch_id", "schedule"}

    def columns(table: str) -> set[str]:
        rows = scene.all(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
            " and not attisdropped",
            table,
        )
        return {name for (name,) in rows}

    live, archive = columns("steve.job"), columns("steve.job_archive")
    assert live - archive == {"parked"}
    assert archive - live == set()
    assert columns("steve.jobs") == archive - later
