"""What statements touch in a table full of jobs that are none of their business.

The rows that a statement reads are counted by the server, for the same plans that workers get.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import pytest

from integration.sql.scene import NOT_YET, Scene, prepared
from steve.core.outcome import Complete
from steve.operations.claim import Mark, claim, doze
from steve.operations.control import cancel, delete, retry
from steve.operations.create import create
from steve.operations.finish import (
    Logged,
    Progressed,
    Report,
    cancellations,
    complete,
    log,
    progress,
    settle,
    verify,
)
from steve.operations.maintenance import park, rescue, sweep, unpark
from steve.operations.query import find
from steve.operations.worker import retire
from steve.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steve.core.job import Job
    from steve.database.execute import Runnable
    from support.databases import Databases

pytestmark = [pytest.mark.any_postgres, pytest.mark.timeout(120)]

FILL = """
    insert into steve.job (uid, type, queue, priority, run_at)
    select ('1' || lpad(n::text, 31, '0'))::uuid, 'other', 'default', 5, now() + interval '1 day'
    from generate_series(1, 200000) as n;
    insert into steve.job (uid, type, queue)
    select ('2' || lpad(n::text, 31, '0'))::uuid, 'other', 'paused'
    from generate_series(1, 100000) as n;
    insert into steve.queue (name, paused_at) values ('paused', now());
    insert into steve.job (uid, type, queue)
    select ('3' || lpad(n::text, 31, '0'))::uuid, 't', 'default'
    from generate_series(1, 50000) as n;
    insert into steve.job (uid, type, queue, status, worker, attempt_id, attempts)
    select ('4' || lpad(n::text, 31, '0'))::uuid, 't', 'default', 'running', 1000000, 1, 1
    from generate_series(1, 10000) as n;
"""
QUEUES = {"default": 1000, "paused": 1000, "empty": 1000}
SETTINGS = {
    "planned each time": "set plan_cache_mode = force_custom_plan",
    "planned once": "set plan_cache_mode = force_generic_plan; set jit = off",
}


class Touched(NamedTuple):
    """What was read of live jobs: scans of the whole table, rows found by an index, pages of the
    table and its indexes; and the uses of the claim's index."""

    scans: int
    rows: int
    pages: int
    claim_index: int


@dataclass
class Crowd:
    """A worker with jobs among hundreds of thousands, and what it may ask for."""

    scene: Scene
    worker: int
    mine: list[Job]
    over: list[Job]

    def touched(self, operation: Runnable[Any]) -> Touched:
        """Run the operation; what it read, as the server counts it for this transaction."""
        before = self._counters()
        self.scene.run(operation)
        return Touched(*(b - a for a, b in zip(before, self._counters(), strict=True)))

    def _counters(self) -> tuple[int, ...]:
        (row,) = self.scene.all("""
            select
                pg_stat_get_xact_numscans(job),
                (pg_stat_get_xact_tuples_fetched(job)
                    + sum(pg_stat_get_xact_tuples_fetched(index)))::bigint,
                (pg_stat_get_xact_blocks_fetched(job)
                    + sum(pg_stat_get_xact_blocks_fetched(index)))::bigint,
                pg_stat_get_xact_numscans('steve.job_claim'::regclass)
            from (select 'steve.job'::regclass) as t (job), lateral (
                select indexrelid as index from pg_index where indrelid = job
            ) as i
            group by job
        """)
        return row


@pytest.fixture(scope="module")
def full_database(databases: Databases, migrated_template: str) -> Iterator[str]:
    with databases.temporary(migrated_template) as dsn:
        scene = Scene(dsn)
        scene.connection.execute(FILL)
        scene.connection.execute("analyze steve.job")
        scene.close()
        yield dsn


@pytest.fixture(params=SETTINGS)
def crowd(full_database: str, request: pytest.FixtureRequest) -> Iterator[Crowd]:
    """Whatever is done to it is undone after the test."""
    scene = Scene(full_database)
    scene.connection.execute("begin")
    over = [scene.started(priority=9) for _ in range(20)]
    scene.run(settle([Report(job, NOT_YET, 0.0) for job in over]))
    scene.run(cancel([job.uid for job in over]))
    worker = scene.worker(queues=list(QUEUES))
    mine = scene.claim(worker, 50).jobs
    scene.connection.execute(SETTINGS[request.param].encode())
    yield Crowd(scene, worker, mine, over)
    scene.close()


def reports(crowd: Crowd, outcome: Any) -> list[Report]:
    return [Report(job, outcome, 0.0) for job in crowd.mine]


def uids(jobs: list[Job]) -> list[Any]:
    return [job.uid for job in jobs]


def claimed(crowd: Crowd, types: list[str] | None) -> Runnable[Any]:
    return claim(crowd.worker, QUEUES, types, slots=10, ahead=40, suspects=True)


# For each operation the rows it may fetch: those it is about, a few times over.
STATEMENTS: dict[str, tuple[Callable[[Crowd], Runnable[Any]], int]] = {
    "claim": (lambda crowd: claimed(crowd, None), 50 * 3 + 20),
    "claim of some types": (lambda crowd: claimed(crowd, ["t", "u"]), 50 * 3 + 20),
    "claim without suspects": (
        lambda crowd: claim(crowd.worker, QUEUES, None, slots=9, ahead=0, suspects=False), 50,
    ),
    "doze": (lambda crowd: doze("c", list(QUEUES), ["t"], 1.0), 20),
    "complete": (lambda crowd: complete(reports(crowd, Complete(b"1"))), 50 * 2),
    "settle as pending": (lambda crowd: settle(reports(crowd, NOT_YET)), 50 * 3),
    "progress": (lambda crowd: progress([Progressed(j, 0.5, None) for j in crowd.mine]), 50 * 2),
    "log": (lambda crowd: log([Logged(j, 0.0, 20, "x") for j in crowd.mine], 0.0), 50 * 2),
    "cancellations": (lambda crowd: cancellations(crowd.mine), 50),
    "verify": (lambda crowd: verify(crowd.mine), 50),
    "create": (lambda _: create([prepared() for _ in range(50)]), 0),
    "create again": (
        lambda crowd: create([prepared(uid) for uid in uids(crowd.mine)], resent=True), 50 * 2,
    ),
    "cancel": (lambda crowd: cancel(uids(crowd.mine)), 50 * 4),
    "retry": (lambda crowd: retry(uids(crowd.over)), 20),
    "delete": (lambda crowd: delete(uids(crowd.mine), skip_running=True), 50 * 3),
    "find": (lambda crowd: find(uids(crowd.mine), with_attempts=True), 50 * 2),
    "park": (lambda _: park(list(QUEUES), 1000), 3 * 250),
    "unpark": (lambda _: unpark(list(QUEUES), None, 1000), 20),
}  # fmt: skip


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_reads_what_it_is_about(crowd: Crowd, name: str) -> None:
    operation, bound = STATEMENTS[name]
    touched = crowd.touched(operation(crowd))
    assert touched.scans == 0
    assert touched.rows <= bound


@pytest.mark.parametrize(
    "name", ["complete", "settle as pending", "progress", "log", "cancellations", "verify"]
)
def test_a_group_is_not_compared_row_by_row(crowd: Crowd, name: str) -> None:
    """A thousand outcomes, each compared with a thousand jobs, take a third of a second."""
    operation = STATEMENTS[name][0](crowd)
    found = statement(operation.name, "steve")
    values = [operation.parameters[parameter] for parameter in found.parameters]
    with psycopg.ClientCursor(crowd.scene.connection) as cursor:
        cursor.execute(f"prepare grouped as {found.text}".encode())
        marks = ", ".join(["%s"] * len(values))
        cursor.execute(f"explain (analyze, format json) execute grouped ({marks})".encode(), values)
        ((plans,),) = cursor.fetchall()
        cursor.execute("deallocate grouped")
    assert removed_by_joins(plans[0]["Plan"]) <= len(crowd.mine)


def removed_by_joins(node: dict[str, Any]) -> int:
    """How many pairs the joins of a plan have looked at in vain."""
    here = node.get("Rows Removed by Join Filter", 0) * node.get("Actual Loops", 1)
    return round(here) + sum(map(removed_by_joins, node.get("Plans", [])))


@pytest.mark.parametrize("name", [name for name in STATEMENTS if name.startswith("claim")])
def test_a_claim_goes_by_its_index(crowd: Crowd, name: str) -> None:
    touched = crowd.touched(STATEMENTS[name][0](crowd))
    assert touched.claim_index > 0
    # Finding, locking and changing 50 jobs, and entering each into the indexes it belongs to.
    assert touched.pages <= 50 * 25


def test_rescue_scans_the_table_once(crowd: Crowd) -> None:
    """There is no index for it: workers die rarely. What it finds it changes by the key."""
    crowd.scene.run(retire(crowd.worker))
    touched = crowd.touched(rescue([crowd.worker], 500))
    assert touched.scans <= 1
    assert touched.rows <= 50 * 3
    assert crowd.touched(sweep([crowd.worker])).scans <= 1


def test_a_mark_spares_the_steps_over_what_is_dead(scene_of_its_own: Scene) -> None:
    """While somebody holds a snapshot, nothing dead can go, and each claim would step over it."""
    scene = scene_of_its_own
    scene.connection.execute("alter table steve.job set (autovacuum_enabled = off)")
    scene.run(create([prepared() for _ in range(3000)]))
    worker = scene.worker()
    holder = Scene(scene.dsn)
    holder.connection.execute("begin isolation level repeatable read")
    holder.all("select count(*) from steve.job")
    last = scene.claim(worker, 2900, queues={"default": 2900}).jobs[-1]
    marks = [Mark("default", 0, last.run_at, last.id)]

    def entries(operation: Runnable[Any]) -> int:
        """Run it; how many entries of the claim's index it came upon, dead ones among them."""
        count = "select pg_stat_get_xact_tuples_returned('steve.job_claim'::regclass)"
        with scene.connection.transaction():
            before = scene.value(count)
            scene.run(operation)
            return scene.value(count) - before

    def asked(marks: list[Mark]) -> list[Runnable[Any]]:
        return [
            claim(worker, {"default": 9}, ["t"], slots=1, ahead=0, suspects=True, marks=marks),
            doze("c", ["default"], ["t"], 1.0, marks),
        ]

    assert [entries(one) > 2900 for one in asked([])] == [True, True]
    assert [entries(one) < 20 for one in asked(marks)] == [True, True]
    holder.close()


@pytest.mark.parametrize("analysed", [True, False], ids=["analysed before", "never analysed"])
def test_a_plan_need_not_wait_for_statistics(scene_of_its_own: Scene, analysed: bool) -> None:
    """A table that was nearly empty has grown, and nobody has analysed it since. Plans that are
    made now are good; those made before are not, so workers must not keep them for long."""
    scene = scene_of_its_own
    scene.connection.execute(SETTINGS["planned once"].encode())
    scene.connection.execute("alter table steve.job set (autovacuum_enabled = off)")
    crowd = Crowd(scene, scene.worker(queues=list(QUEUES)), [], [])
    crowd.mine = [scene.started(crowd.worker, priority=9) for _ in range(3)]
    if analysed:
        scene.connection.execute("analyze steve.job")
    names = [name for name in STATEMENTS if name != "create again"]
    for name in names:
        scene.run(STATEMENTS[name][0](crowd))
    scene.connection.execute(FILL.replace("0000)", "00)").encode())
    crowd.mine = [scene.started(crowd.worker, priority=9) for _ in range(50)]
    scene.connection.execute("discard plans")
    for name in names:
        with scene.connection.transaction():
            touched = crowd.touched(STATEMENTS[name][0](crowd))
            assert (name, touched.scans) == (name, 0)
            assert touched.rows <= STATEMENTS[name][1] + 50
