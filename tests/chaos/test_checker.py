"""The rules that judge a storm: a good history passes, and each kind of broken one does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from steve import Jobs
from storm import audit, history, rules
from storm.audit import Event
from storm.history import Final, History, Logged
from storm.ledger import Ledger, Line

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def event(number: int, xid: int, place: Any, happened: Any, status: str, **values: Any) -> Event:
    """A change of job "a"; by default one attempt, 10, by worker 1."""
    usual = {"uid": "a", "worker": None, "attempt_id": 10, "attempts": 1,
             "refunded": 0, "crashes": 0}  # fmt: skip
    return Event(number, WHEN, xid, place, happened, status=status, **{**usual, **values})


def good() -> History:
    """Job "a": lost with its worker in its first attempt, completed in the second, with an effect.

    Job "b" was rolled back.
    """
    running = {"worker": 1, "attempts": 1, "attempt_id": 10}
    again = {"worker": 2, "attempts": 2, "attempt_id": 11, "refunded": 1, "crashes": 1}
    return History(
        events=[
            event(1, 1, "live", "insert", "pending", attempts=0, attempt_id=None),
            event(2, 2, "live", "update", "running", **running),
            event(3, 3, "live", "update", "pending", refunded=1, crashes=1),
            event(4, 4, "live", "update", "running", **again),
            event(5, 5, "live", "delete", "running", **again),
            event(6, 5, "archive", "insert", "completed", **again),
        ],
        lines=[
            Line("created", 1.0, 7, uid="a"),
            Line("doomed", 1.0, 7, uid="b"),
            Line("start", 2.0, 8, uid="a", attempt=10, kind="effect"),
            Line("dead", 3.0, 8),
            Line("start", 4.0, 9, uid="a", attempt=11, kind="effect"),
            Line("end", 5.0, 9, uid="a", attempt=11, kind="effect"),
        ],
        finals=[Final("a", 1, "archive", "effect", "completed", 11, 2, 1, 1, 3, 3)],
        attempts=[Logged("a", 10, 1, "lost")],
        effects=[("a", 11)],
    )


def with_final(history: History, **values: Any) -> History:
    return replace(history, finals=[msgspec.structs.replace(history.finals[0], **values)])


def with_event(history: History, place: int, **values: Any) -> History:
    events = list(history.events)
    events[place] = msgspec.structs.replace(events[place], **values)
    return replace(history, events=events)


def with_line(history: History, *lines: Line) -> History:
    return replace(history, lines=[*history.lines, *lines])


def without(history: History, what: str) -> History:
    return replace(history, lines=[line for line in history.lines if line.what != what])


def test_a_good_history_has_nothing_against_it() -> None:
    assert rules.violations(good()) == {}


BROKEN: dict[str, tuple[str, Callable[[History], History]]] = {
    "a job that is gone": ("every_job_ends", lambda h: replace(h, finals=[], effects=[])),
    "a job that did not end": ("every_job_ends", lambda h: with_final(h, status="pending")),
    "a job that was undone and is there": (
        "what_was_undone_never_was",
        lambda h: replace(h, lines=[*h.lines, Line("doomed", 1.0, 7, uid="a")]),
    ),
    "a job that was undone and ran": (
        "what_was_undone_never_was",
        lambda h: with_line(h, Line("start", 9.0, 9, uid="b", attempt=12)),
    ),
    "a completed job that comes back": (
        "transitions_are_legal",
        lambda h: replace(h, events=[
            *h.events,
            event(7, 6, "archive", "delete", "completed", attempts=2, attempt_id=11),
            event(8, 6, "live", "insert", "pending", attempts=2, attempt_id=11),
        ]),
    ),
    "a job that ends without having run": (
        "transitions_are_legal",
        lambda h: replace(h, events=[
            h.events[0],
            event(2, 2, "live", "delete", "pending"), event(3, 2, "archive", "insert", "failed"),
        ]),
    ),
    "a job in both tables": (
        "transitions_are_legal",
        lambda h: replace(h, events=[e for e in h.events if e.number != 5]),
    ),
    "a claim of a running job": (
        "transitions_are_legal",
        lambda h: replace(h, events=[e for e in h.events if e.number != 3]),
    ),
    "a claim that counts nothing": (
        "transitions_are_legal", lambda h: with_event(h, 3, attempts=1),
    ),
    "an attempt id that goes back": (
        "transitions_are_legal", lambda h: with_event(h, 3, attempt_id=9),
    ),
    "a crash counted twice": ("transitions_are_legal", lambda h: with_event(h, 2, crashes=2)),
    "an attempt id given out twice": (
        "attempts_are_accounted_for",
        lambda h: replace(h, events=[
            *h.events,
            event(7, 7, "live", "insert", "pending", uid="c", attempts=0, attempt_id=None),
            event(8, 8, "live", "update", "running", uid="c", worker=3, attempt_id=11),
        ]),
    ),
    "an attempt without an end": (
        "attempts_are_accounted_for", lambda h: replace(h, attempts=[]),
    ),
    "an attempt that ended twice": (
        "attempts_are_accounted_for", lambda h: replace(h, attempts=h.attempts * 2),
    ),
    "a gap between attempts": (
        "attempts_are_accounted_for",
        lambda h: with_final(replace(h, attempts=[Logged("a", 10, 2, "lost")]), attempts=3),
    ),
    "a refund that nothing explains": (
        "attempts_are_accounted_for", lambda h: with_final(h, refunded=2),
    ),
    "a crash that nothing explains": (
        "attempts_are_accounted_for", lambda h: with_final(h, crashes=2),
    ),
    "too many attempts": ("limits_hold", lambda h: with_final(h, attempts=9)),
    "too many crashes": ("limits_hold", lambda h: with_final(h, crashes=5)),
    "a job that is there twice": (
        "a_job_is_in_one_table", lambda h: replace(h, finals=h.finals * 2),
    ),
    "an effect of a lost attempt": (
        "effects_happen_once", lambda h: replace(h, effects=[("a", 10), ("a", 11)]),
    ),
    "an effect that is missing": ("effects_happen_once", lambda h: replace(h, effects=[])),
    "an effect without a job": (
        "effects_happen_once", lambda h: replace(h, effects=[*h.effects, ("z", 12)]),
    ),
    "an attempt that is started twice": (
        "handlers_run_under_claims",
        lambda h: with_line(h, Line("start", 6.0, 9, uid="a", attempt=11)),
    ),
    "a handler without a claim": (
        "handlers_run_under_claims",
        lambda h: with_line(h, Line("start", 6.0, 9, uid="a", attempt=12)),
    ),
    "a completion that never ran": ("handlers_run_under_claims", lambda h: without(h, "start")),
    "two executions at once": ("executions_do_not_overlap", lambda h: without(h, "dead")),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_history_is_found_out(name: str) -> None:
    rule, broken = BROKEN[name]
    assert rule in rules.violations(broken(good()))


def test_every_rule_is_seen_to_strike() -> None:
    assert {rule for rule, _ in BROKEN.values()} == {rule.__name__ for rule in rules.RULES}


def test_a_suspended_process_may_run_beside_its_successor() -> None:
    """Nobody can stop it; what it reports is fenced off."""
    history = without(good(), "dead")
    suspended = with_line(history, Line("paused", 2.5, 8), Line("resumed", 4.5, 8))
    assert rules.violations(suspended) == {}
    too_early = with_line(history, Line("paused", 1.0, 8), Line("resumed", 1.5, 8))
    assert "executions_do_not_overlap" in rules.violations(too_early)


async def test_the_history_of_real_jobs(migrated_dsn: str, tmp_path: Path) -> None:
    """The audit and the ledger of a real run are read back whole, and have nothing against them."""
    with psycopg.connect(migrated_dsn, autocommit=True) as connection:
        audit.install(connection)
    ledger = Ledger(tmp_path / "ledger")
    async with Jobs(migrated_dsn, poll_interval=0.1) as jobs:

        @jobs.handler("effect")
        async def effect(job: Any) -> None:
            ledger.note("start", uid=job.uid, attempt=job.attempt_id, kind=job.type)
            async with job.transaction() as own:
                await own.execute(
                    "insert into storm.effect values (%s, %s)", [job.uid, job.attempt_id]
                )
            ledger.note("end", uid=job.uid, attempt=job.attempt_id)
            if job.attempts == 1:
                raise ValueError("once")

        job = await jobs.create("effect", {}, backoff_strategy="none")
        ledger.note("created", uid=job.uid)
        async with await psycopg.AsyncConnection.connect(migrated_dsn) as own:
            undone = await jobs.create("effect", {}, connection=own)
            ledger.note("doomed", uid=undone.uid)
            await own.rollback()
        await jobs.start(2)
        await jobs.wait(job, timeout=10)
        await jobs.stop()
    ledger.close()
    seen = history.load(migrated_dsn, tmp_path / "ledger")
    assert [(e.place, e.happened, e.status) for e in seen.events] == [
        ("live", "insert", "pending"),
        ("live", "update", "running"),
        ("live", "update", "pending"),
        ("live", "update", "running"),
        ("live", "delete", "running"),
        ("archive", "insert", "completed"),
    ]
    assert len(seen.effects) == 1
    assert rules.violations(seen) == {}
