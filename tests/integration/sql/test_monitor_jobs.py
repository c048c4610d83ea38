"""Lists of jobs for a monitor: orders, filters, windows, cursors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from integration.sql.scene import HOUR, NEVER, NOT_YET, Scene
from steve.core.errors import OptionError
from steve.core.failure import Failure, JobError
from steve.core.outcome import Complete, Failed
from steve.core.uid import uuid7
from steve.operations.control import cancel, delete
from steve.operations.monitor_jobs import (
    JobRow,
    Order,
    Sought,
    count,
    refused_path,
    rows,
    states,
    uids,
)

pytestmark = pytest.mark.any_postgres

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def jobs(scene: Scene) -> dict[str, UUID]:
    """A job of each kind, by its name, in the order of their creation."""
    failure = Failure("app.Broken%Pipe", "no_such 50% off", "Traceback …", "f2")
    made = {
        "completed": scene.over(
            Complete(b'{"ok":true}'), type="mail", payload=b'{"to": "ada"}'
        ).uid,
        "failed": scene.over(NEVER, type="mail", tags=["eu"], payload=b'{"to": "bob"}').uid,
        "broken": scene.over(Failed(failure), type="report", payload=b'{"sum": 12}').uid,
        "cancelled": scene.create(type="report", queue="slow").uid,
        "scheduled": scene.create(delay=HOUR, tags=["eu", "vip"], payload=b'{"sum": 3}').uid,
        "running": scene.started(type="mail", payload=b'{"off": false, "on": true}').uid,
    }
    scene.run(cancel([made["cancelled"]], "somebody"))
    return made


def names(jobs: dict[str, UUID], found: list[JobRow] | list[UUID]) -> list[str]:
    known = {uid: name for name, uid in jobs.items()}
    return [known[row if isinstance(row, UUID) else row.uid] for row in found]


def walk(scene: Scene, sought: Sought, **options: Any) -> list[JobRow]:
    """Read page after page to the end."""
    found: list[JobRow] = []
    after: str | None = None
    for _ in range(1000):
        page = scene.run(rows(sought, after=after, **options))
        found += page.rows
        if page.next is None:
            assert page.complete
            return found
        assert page.next != after, "the cursor stands still"
        after = page.next
    raise AssertionError("there is no end")


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("window", [1, 3, 1000])
def test_pages_lead_through_everything_once(
    scene: Scene, jobs: dict[str, UUID], limit: int, window: int
) -> None:
    newest = walk(scene, Sought(), limit=limit, window=window)
    assert names(jobs, newest) == [*reversed(jobs)]
    oldest = walk(scene, Sought(), limit=limit, window=window, order="oldest")
    assert names(jobs, oldest) == [*jobs]
    finished = walk(scene, Sought(), limit=limit, window=window, order="finished")
    assert names(jobs, finished) == ["cancelled", "broken", "failed", "completed"]


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        (Sought(status=["failed"]), ["broken", "failed"]),
        (Sought(status=["running", "cancelled"]), ["running", "cancelled"]),
        (Sought(status=["expired"]), []),
        (Sought(status=["blocked"]), []),
        (Sought(type=["mail", "unknown"]), ["running", "failed", "completed"]),
        (Sought(queue=["slow"]), ["cancelled"]),
        (Sought(tag="eu"), ["scheduled", "failed"]),
        (Sought(fingerprint="f2"), ["broken"]),
        (Sought(error="valueerror"), ["failed"]),
        (Sought(error="0% O"), ["broken"]),
        (Sought(error="n%Pipe"), ["broken"]),
        (Sought(error="_"), ["broken"]),
        (Sought(error="no%off"), []),
        (Sought(path='$.to ? (@ == "bob")'), ["failed"]),
        (Sought(path="$.sum"), ["scheduled", "broken"]),
        (Sought(path="$.sum > 10"), ["broken"]),
        (Sought(path="$.off"), []),
        (Sought(path="$.on"), ["running"]),
        (Sought(path="strict $.on"), ["running"]),
        (Sought(path="$.to", status=["completed"], type=["mail"]), ["completed"]),
        (Sought(since=LONG_AGO, until=datetime(2100, 1, 1, tzinfo=UTC), tag="vip"), ["scheduled"]),
        (Sought(since=datetime(2100, 1, 1, tzinfo=UTC)), []),
        (Sought(until=LONG_AGO), []),
    ],
    ids=str,
)
@pytest.mark.parametrize("window", [1, 1000])
def test_filters(
    scene: Scene, jobs: dict[str, UUID], sought: Sought, expected: list[str], window: int
) -> None:
    assert names(jobs, walk(scene, sought, window=window)) == expected
    back = walk(scene, sought, window=window, order="oldest")
    assert names(jobs, back) == expected[::-1]
    over = walk(scene, sought, window=window, order="finished")
    assert names(jobs, over) == sorted(
        {*expected} - {"scheduled", "running"},
        key=["cancelled", "broken", "failed", "completed"].index,
    )
    total, after, chosen = 0, None, list[UUID]()
    while True:
        counted = scene.run(count(sought, after=after, window=window))
        some = scene.run(uids(sought, after=after, window=window))
        assert (len(some.uids), some.next) == (counted.count, counted.next)
        total, after, chosen = total + counted.count, counted.next, chosen + some.uids
        if after is None:
            break
    assert (total, names(jobs, chosen)) == (len(expected), expected)


def test_times_are_exact(scene: Scene, jobs: dict[str, UUID]) -> None:
    made = {row.uid: row.created_at for row in walk(scene, Sought())}
    middle = made[jobs["broken"]]
    microsecond = timedelta(microseconds=1)
    since = walk(scene, Sought(since=middle))
    assert names(jobs, since) == ["running", "scheduled", "cancelled", "broken"]
    until = walk(scene, Sought(until=middle))
    assert names(jobs, until) == ["failed", "completed"]
    assert names(jobs, walk(scene, Sought(since=middle, until=middle + microsecond))) == ["broken"]


def test_a_clock_a_little_off_is_no_matter(scene: Scene) -> None:
    moment = scene.now()
    early = UUID(int=(int(moment.timestamp() * 1000) - 500_000) << 80 | 7 << 76 | 2 << 62)
    scene.create(uid=early)
    found = scene.run(rows(Sought(since=moment))).rows
    assert [row.uid for row in found] == [early]


def test_a_window_counts_what_lies_together_in_the_archive(scene: Scene) -> None:
    """A search for the few that expired is bounded beside many that failed."""
    scene.over(NEVER, type="first")
    for _ in range(4):
        scene.over(NEVER)
    assert scene.run(rows(Sought(type=["first"]), window=4)).rows == []
    page = scene.run(rows(Sought(status=["expired"]), window=3))
    assert (page.rows, page.complete) == ([], False)
    assert page.next is not None
    page = scene.run(rows(Sought(status=["expired"]), window=3, after=page.next))
    assert page == ([], None, True)
    # Live jobs and completed ones are not among them.
    scene.over()
    scene.create(delay=HOUR)
    assert len(scene.run(rows(Sought(status=["failed"]), window=5)).rows) == 5


def test_nobody_is_met_twice_while_jobs_come_and_end(scene: Scene) -> None:
    old = [scene.create(priority=1).uid for _ in range(4)]
    first = scene.run(rows(Sought(), limit=2))
    new = scene.create(priority=2).uid
    scene.claim(scene.worker())
    scene.run(cancel(old[:3]))
    scene.run(delete(old[:1]))
    second = scene.run(rows(Sought(), limit=2, after=first.next))
    assert [row.uid for row in (*first.rows, *second.rows)] == [*reversed(old[1:])]
    assert scene.run(rows(Sought(), limit=1)).rows[0].uid == new


@pytest.mark.parametrize(
    "path", ["$.", "", "$ ?", '$.a like_regex "("', '$ ? (@ like_regex "a" flag "y")']
)
def test_a_path_that_is_none_is_told(scene: Scene, path: str) -> None:
    scene.create(payload=b'{"a": "b"}')
    for search in (rows(Sought(path=path)), count(Sought(path=path))):
        with pytest.raises(psycopg.Error) as caught:
            scene.run(search)
        told = refused_path(caught.value, Sought(path=path))
        assert isinstance(told, OptionError)
        assert "PostgreSQL refuses the path" in str(told)
        assert refused_path(caught.value, Sought()) is None


def test_a_path_is_no_sql_and_breaks_on_no_payload(scene: Scene) -> None:
    for payload in (b"[]", b'"text"', b"null", b"1e400", b'{"a": {"b": [1, "2"]}}'):
        scene.create(payload=payload)
    for path in ("$.a.b[*] > 1", "$.a.b.double() > 1", 'strict $.x.y == "\'); drop table x"'):
        scene.run(rows(Sought(path=path)))


@pytest.mark.parametrize("order", ["newest", "oldest", "finished"])
@pytest.mark.parametrize("cursor", ["", "x", "1-2-3", "99999999999999999999999-1", "1.5-2"])
def test_a_cursor_that_is_none_is_refused(order: Order, cursor: str) -> None:
    with pytest.raises(OptionError, match="malformed cursor"):
        rows(Sought(), after=cursor, order=order)
    other = str(uuid7()) if order == "finished" else "1795850627879528-9"
    with pytest.raises(OptionError, match="same order"):
        rows(Sought(), after=other, order=order)


def test_what_a_row_says(scene: Scene) -> None:
    worker = scene.worker()
    job = scene.started(worker, type="mail", queue="default", priority=3, tags=["a"])
    scene.all("select set_config('steve_test.ahead', '5 seconds', false)")
    (row,) = scene.run(rows(Sought())).rows
    assert (row.id, row.uid, row.type, row.status, row.attempts) == (
        job.id,
        job.uid,
        "mail",
        "running",
        1,
    )
    assert (row.worker, row.tags, row.priority, row.cancelling) == (worker, ["a"], 3, False)
    assert row.duration == pytest.approx(5, abs=1)
    assert (row.started_at, row.completed_at, row.error) == (row.attempted_at, None, None)
    scene.run(cancel([job.uid]))
    assert scene.run(rows(Sought())).rows[0].cancelling
    scene.finish(job, NOT_YET)
    (row,) = scene.run(rows(Sought())).rows
    assert (row.status, row.error) == ("cancelled", JobError("ValueError", "it did not work"))
    assert row.duration == pytest.approx(5, abs=1)


def test_what_waits_or_never_started_has_no_duration(scene: Scene) -> None:
    job = scene.started()
    scene.finish(job, NOT_YET)
    assert scene.run(rows(Sought())).rows[0].duration is None
    scene.run(cancel([job.uid]))
    assert scene.run(rows(Sought())).rows[0].duration is None


def test_previews_are_short_and_large_payloads_have_none(scene: Scene) -> None:
    scene.create(payload=b'"' + b"x" * 1000 + b'"')
    # Not to be compressed below the bound.
    scene.create(payload=str([uuid4().hex for _ in range(1000)]).replace("'", '"').encode())
    large, short = scene.run(rows(Sought())).rows
    assert (short.preview, large.preview) == ('"' + "x" * 199, "")


def test_states(scene: Scene, jobs: dict[str, UUID]) -> None:
    odd = scene.over(priority=9, uid=uuid4()).uid
    (running,) = scene.run(states([jobs["running"]]))
    assert running.log_id is None
    scene.all(
        "insert into steve.log select n, %s, 1, steve.now(), 20, 'hello' "
        "from generate_series(7, 9) as n returning id",
        running.id,
    )
    found = {row.uid: row for row in scene.run(states([*jobs.values(), odd, uuid7(), uuid4()]))}
    assert found.keys() == {*jobs.values(), odd}
    assert found[jobs["running"]].log_id == 9
    assert found[jobs["failed"]].log_id is None
    assert found[odd].status == "completed"
    listed = {row.uid: row for row in scene.run(rows(Sought())).rows}
    moving = {"log_id": None, "duration": None}
    assert {uid: row._replace(**moving) for uid, row in found.items()} == {
        uid: row._replace(**moving) for uid, row in listed.items()
    }
    assert scene.run(states([])) == []
