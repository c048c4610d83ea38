"""The partitions of what is over: made ahead, listed for removal when their time is over."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from integration.sql.overlap import Overlap
from integration.sql.scene import NEVER, NOT_YET, Scene
from model.rows import CLOCK
from steve.operations.maintenance import create_partitions, expired_partitions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import LiteralString

pytestmark = pytest.mark.any_postgres

DAY = 86_400.0
PARENTS = {"job_archive_completed": 1, "job_archive_other": 7, "attempt": 7, "log": 1}
"""Each one's days in a partition."""


@pytest.fixture
def scene(migrated_dsn: str) -> Iterator[Scene]:
    """A database of the test's own: its partitions change. Its clock can be set."""
    scene = Scene(migrated_dsn)
    scene.connection.execute(CLOCK)
    yield scene
    scene.close()


def partitions(scene: Scene) -> dict[str, list[tuple[datetime, datetime]]]:
    """The bounds of each parent's partitions, in their order."""
    scene.connection.execute("set timezone = 'Asia/Kathmandu'")
    rows = scene.all("""
        select p.relname, (regexp_matches(
            pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''(.+)''\\) TO \\(''(.+)''\\)'
        ))::timestamptz[]
        from pg_inherits i
        join pg_class p on p.oid = i.inhparent
        join pg_class c on c.oid = i.inhrelid
        where p.relname in ('job_archive_completed', 'job_archive_other', 'attempt', 'log')
        order by 1, 2
    """)
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for parent, (lower, upper) in rows:
        found.setdefault(parent, []).append((lower.astimezone(UTC), upper.astimezone(UTC)))
    return found


def assert_without_gaps(scene: Scene, until: datetime) -> None:
    found = partitions(scene)
    assert found.keys() == PARENTS.keys()
    for parent, bounds in found.items():
        width = timedelta(days=PARENTS[parent])
        assert all(upper - lower == width for lower, upper in bounds)
        assert all(lower.time() == datetime.min.time() for lower, _ in bounds)
        assert [upper for _, upper in bounds[:-1]] == [lower for lower, _ in bounds[1:]]
        assert bounds[0][0] <= datetime.now(UTC)
        assert bounds[-1][1] >= until


def test_partitions_are_there_for_weeks_ahead(scene: Scene) -> None:
    assert_without_gaps(scene, scene.now() + timedelta(days=20))
    assert scene.run(create_partitions()) == 0


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/St_Johns"])
@pytest.mark.parametrize("passed", [1, 7, 40])
def test_time_passes(scene: Scene, passed: int, zone: str) -> None:
    scene.set_ahead(passed * DAY)
    scene.all("select set_config('timezone', %s, false)", zone)
    made = scene.run(create_partitions())
    # After a long absence only what is still to come is made.
    days = min(passed, 22)
    assert 2 * days <= made <= 2 * days + 2 * (days // 7 + 2)
    assert scene.run(create_partitions()) == 0
    if passed <= 20:
        assert_without_gaps(scene, scene.now() + timedelta(days=20))


def test_the_past_can_be_made(scene: Scene) -> None:
    assert (
        scene.value("select steve.create_partitions(since => steve.now() - interval '7 days')")
        >= 16
    )
    assert_without_gaps(scene, scene.now() + timedelta(days=20))


@pytest.mark.parametrize(
    "arguments",
    [
        "'101 days'",
        "'3 years'",
        # A hundred days, if months have thirty and years twelve of them.
        "'100 years -35900 days'",
        "since => steve.now() - interval '401 days'",
        "since => '-infinity'",
    ],
)
def test_there_are_bounds(scene: Scene, arguments: LiteralString) -> None:
    before = partitions(scene)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=r"\d days (ahead|back)"):
        scene.value(f"select steve.create_partitions({arguments})")
    assert partitions(scene) == before


def test_two_make_them_at_once(scene: Scene) -> None:
    other, watcher = Scene(scene.dsn), Scene(scene.dsn)
    for one in (scene, other):
        one.set_ahead(10 * DAY)
    scene.connection.execute("begin")
    made = scene.run(create_partitions())
    overlap = Overlap(scene, other, watcher, lambda: other.run(create_partitions()))
    scene.connection.execute("commit")
    assert (overlap.waited, made > 0, overlap.answer()) == (True, True, 0)
    other.close()
    watcher.close()


@pytest.mark.parametrize("outcome", [None, NEVER, NOT_YET], ids=["complete", "failed", "error"])
def test_a_missing_partition_loses_nothing(scene: Scene, outcome: None) -> None:
    scene.set_ahead(100 * DAY)
    job = scene.started()
    with pytest.raises(psycopg.errors.CheckViolation, match="no partition of relation"):
        scene.finish(job, outcome)
    assert scene.found(job.uid).status == "running"
    assert scene.run(create_partitions()) > 0
    assert scene.finish(job, outcome) is not None


def expired(
    scene: Scene, completed: float | None, other: float | None, log: float | None = None
) -> Counter[str]:
    found = scene.run(expired_partitions(completed, other, log))
    return Counter(name[: -len("_20260101")] for name in found)


@pytest.mark.parametrize(
    ("completed", "other", "log", "gone"),
    [
        (None, None, None, {}),
        (DAY, None, None, {"job_archive_completed"}),
        (None, DAY, None, {"job_archive_other"}),
        (None, None, DAY, {"log"}),
        (DAY, DAY, None, {"job_archive_completed", "job_archive_other", "attempt"}),
        (DAY, 500 * DAY, 500 * DAY, {"job_archive_completed"}),
        (500 * DAY, 500 * DAY, 500 * DAY, {}),
    ],
)
def test_what_is_past_its_retention(
    scene: Scene, completed: float | None, other: float | None, log: float | None, gone: set[str]
) -> None:
    before = {parent: len(bounds) for parent, bounds in partitions(scene).items()}
    assert expired(scene, 0.001, 0.001, 0.001) == {}
    scene.set_ahead(100 * DAY)
    assert expired(scene, completed, other, log) == {name: before[name] for name in gone}


def test_a_partition_is_kept_until_its_last_row_may_go(scene: Scene) -> None:
    first = partitions(scene)["job_archive_completed"][0][1]
    age = (first - scene.now()).total_seconds()
    scene.set_ahead(age + DAY - 5)
    assert expired(scene, DAY, None) == {}
    scene.set_ahead(age + DAY + 5)
    (partition,) = scene.run(expired_partitions(DAY, None, None))
    assert partition == f"job_archive_completed_{first - timedelta(days=1):%Y%m%d}"


def test_a_removal_that_was_interrupted_is_listed(scene: Scene) -> None:
    lower, _ = partitions(scene)["job_archive_completed"][0]
    name = f"job_archive_completed_{lower:%Y%m%d}"
    scene.connection.execute(
        f"alter table steve.job_archive_completed detach partition steve.{name}".encode()
    )
    assert scene.run(expired_partitions(None, None, None)) == [name]


def test_a_reader_leaves_a_removal_half_done(scene: Scene) -> None:
    """DETACH … CONCURRENTLY commits once before it waits for readers."""
    lower, _ = partitions(scene)["attempt"][0]
    name = f"attempt_{lower:%Y%m%d}"
    other = Scene(scene.dsn)
    with other.connection.transaction():
        other.all("select count(*) from steve.attempt")
        scene.connection.execute("set lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            scene.connection.execute(
                f"alter table steve.attempt detach partition steve.{name} concurrently".encode()
            )
    assert scene.run(expired_partitions(None, None, None)) == [name]
    other.close()
