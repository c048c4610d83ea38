"""What a producer, a worker and a monitor do with the library, each as a role of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from steve import Jobs
from steve.core.options import prepare
from steve.core.settings import Retention, Settings
from steve.database.execute import execute_blocking
from steve.maintenance.partitions import Partitions
from steve.operations.create import create
from steve.operations.maintenance import bury, forget_workers, park, rescue, sweep, unpark
from steve.telemetry.telemetry import Telemetry
from support.examining import examined, looked, sql
from support.waiting import eventually_async
from support.workers import Bench

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.any_postgres

HARMFUL = [
    "update steve.job set priority = 1",
    "delete from steve.job_archive",
    "truncate steve.job",
    "insert into steve.queue (name) values ('q')",
    "insert into steve.migration (version, name) values (999, 'later')",
    "select setval('steve.attempt_id', 1)",
    "create table steve.more ()",
    "alter table steve.job add more integer",
    "drop function steve.now()",
    "select steve.grant_part('worker', current_user)",
    "select steve.regrant()",
    "select steve.retry_jobs('{}')",
    "delete from steve.log",
    "update steve.log set message = ''",
    "delete from steve.action",
    "update steve.action set actor = 'somebody else'",
]
PRODUCING = [
    "insert into steve.job (uid, type) values (gen_random_uuid(), 't')",
    "select steve.cancel_jobs('{}')",
    "select steve.drop_resent('{}')",
    "insert into steve.action (actor, action, changed) values ('a', 'cancel', 1)",
    "delete from steve.sleeper",
]
WORKING = [
    "delete from steve.job",
    "update steve.job set status = 'running'",
    "insert into steve.job_archive (status) values ('failed')",
    "insert into steve.attempt (id) values (1)",
    "update steve.worker set memory = 1",
    "select nextval('steve.attempt_id')",
    "select nextval('steve.log_id')",
    "insert into steve.log (id) values (1)",
    "insert into steve.sample (width) values (10)",
    "delete from steve.sample",
    "select steve.create_partitions()",
    "select steve.remove_partition('attempt_20200106')",
]


async def double(job: Any) -> int:
    if job.payload.get("bad"):
        raise ValueError("as told")
    await asyncio.sleep(job.payload.get("seconds", 0))
    return job.payload["n"] * 2


@pytest.fixture
async def crew(parts: dict[str, str]) -> AsyncGenerator[Jobs, None]:
    """A manager that works as the worker."""
    jobs = Jobs(
        parts["worker"], migrate="check", handlers={"t": double}, handle_signals=False, grace=1.0
    )
    async with jobs:
        await jobs.start(4)
        yield jobs


@pytest.fixture
async def shop(parts: dict[str, str]) -> AsyncGenerator[Jobs, None]:
    """A manager that only creates, as the producer. It finds nothing to migrate."""
    async with Jobs(parts["producer"], handle_signals=False) as jobs:
        yield jobs


async def test_a_producer_creates_waits_finds_and_cancels(
    parts: dict[str, str], shop: Jobs, crew: Jobs
) -> None:
    job = await shop.create("t", {"n": 21})
    assert await shop.result(job, timeout=20) == 42
    together = await asyncio.gather(*(shop.create("t", {"n": n}) for n in range(20)))
    assert [await shop.result(job, timeout=20) for job in together] == [2 * n for n in range(20)]
    many = await shop.create_many(("t", {"n": n}) for n in range(50))
    assert (await shop.wait(many[-1], timeout=20)).status == "completed"
    async with await psycopg.AsyncConnection.connect(parts["producer"]) as connection:
        first = await shop.create("t", {"n": 1}, connection=connection)
        more = await shop.create_many([("t", {"n": 2})], connection=connection)
        await connection.commit()
    assert [await shop.result(uid, timeout=20) for uid in (first, *more)] == [2, 4]
    bad = await shop.create("t", {"bad": True}, max_attempts=1)
    assert (await shop.wait(bad, timeout=20)).status == "failed"
    found = await shop.find(bad, with_attempts=True)
    assert [attempt.status for attempt in found.attempts or ()] == ["error"]
    later = await shop.create("t", delay=60)
    assert await shop.cancel(later.uid) == [later.uid]
    running = await shop.create("t", {"n": 1, "seconds": 60})
    await eventually_async(lambda: has_status(shop, running.uid, "running"))
    assert await shop.cancel(running.uid) == [running.uid]
    assert (await shop.wait(running, timeout=20)).status == "cancelled"
    assert (await shop.health()).counts["completed"] == 73
    for refused in (shop.retry(bad.uid), shop.delete(bad.uid), shop.queues.pause("default")):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await refused


async def has_status(jobs: Jobs, uid: Any, status: str) -> bool:
    found = (await jobs.find(uid)).job
    return found is not None and found.status == status


def test_a_producer_sends_again_what_was_lost(parts: dict[str, str], migrated_dsn: str) -> None:
    new, old = (prepare("t", {}, None, {}, Settings()) for _ in range(2))
    with psycopg.connect(parts["producer"], autocommit=True) as connection:
        assert execute_blocking(connection, create([old]), "steve")
        made = execute_blocking(connection, create([new, old], resent=True), "steve")
        assert [job.uid for job in made] == [new.uid]
        # As if the first send had been on its way while we looked, and its job had ended since.
        sql(
            migrated_dsn,
            "insert into steve.job_archive (id, uid, type, status, completed_at) "
            f"values (0, '{old.uid}', 't', 'completed', now())",
        )
        assert sql(parts["producer"], f"select steve.drop_resent('{{{old.uid},{new.uid}}}')")
        left = connection.execute("select uid from steve.job").fetchall()
        assert left == [(new.uid,)]


def test_functions_and_triggers_create_as_a_producer(
    parts: dict[str, str], migrated_dsn: str
) -> None:
    sql(
        migrated_dsn,
        "create table public.orders (id integer)",
        "grant insert on public.orders to public",
        "create function public.ordered() returns trigger language plpgsql as "
        "$$ begin perform steve.create_job('t'); return null; end $$",
        "create trigger ordered after insert on public.orders "
        "for each row execute function public.ordered()",
    )
    [(uid,)] = sql(
        parts["producer"], "insert into public.orders values (1)", "select uid from steve.job"
    )
    assert sql(parts["producer"], f"select steve.cancel_job('{uid}')") == [(True,)]


async def test_a_worker_rescues_parks_and_tends_partitions(
    parts: dict[str, str], migrated_dsn: str
) -> None:
    sql(
        migrated_dsn,
        "select steve.create_partitions('21 days', now() - interval '30 days')",
        "drop table steve.attempt_" + sql(
            migrated_dsn, "select to_char(date_trunc('week', now()) + interval '7 d', 'YYYYMMDD')"
        )[0][0],
    )  # fmt: skip
    bench = Bench(parts["worker"], None)  # pyright: ignore[reportArgumentType]
    try:
        assert await bench.run(bury()) == []
        assert await bench.run(rescue([1], 10)) == []
        assert await bench.run(sweep([1])) == [1]
        await bench.run(forget_workers(1.0))
        assert await bench.run(park(["default"], 10)) == {}
        assert await bench.run(unpark(["default"], None, 10)) == 0
        partitions = Partitions(
            bench.run,
            lambda: bench.database.connect(name="steve worker partitions"),
            "steve",
            Retention(86_400.0, 86_400.0),
            Telemetry(),
        )
        await partitions.tend()
        assert await partitions.remove_expired() == []
    finally:
        await bench.close()
    [(gone, owners)] = sql(
        migrated_dsn,
        "select min(relname) filter (where relname ~ 'completed') > 'job_archive_completed_'"
        " || to_char(now() - interval '3 days', 'YYYYMMDD'), count(distinct relowner)"
        " from pg_class where relnamespace = 'steve'::regnamespace and relname ~ '_[0-9]{8}$'"
        " and relkind = 'r'",
    )
    assert gone
    assert owners == 1, "what a worker makes belongs to the owner of the rest"
    assert (await looked(migrated_dsn, "partitions")).status == "ok"


async def test_a_worker_keeps_what_is_not_over(parts: dict[str, str], migrated_dsn: str) -> None:
    [(today,)] = sql(migrated_dsn, "select to_char(now() at time zone 'UTC', 'YYYYMMDD')")
    sql(migrated_dsn, "create table public.attempt_20200106 ()")
    for name in (f"job_archive_completed_{today}", "attempt_20200106", "job", "attempt"):
        with pytest.raises(psycopg.errors.UndefinedTable, match=r"no partition .* that is over"):
            sql(parts["worker"], f"select steve.remove_partition('{name}')")


async def test_a_monitor_reads_everything(parts: dict[str, str], shop: Jobs, crew: Jobs) -> None:
    job = await shop.create("t", {"n": 21})
    await shop.result(job, timeout=20)
    async with Jobs(parts["monitor"], migrate="check", handle_signals=False) as jobs:
        found = await jobs.find(job.uid, with_attempts=True)
        assert found.job is not None
        assert (found.job.status, len(found.attempts or ())) == ("completed", 1)
        assert [each.uid for each in await jobs.fetch_all()] == [job.uid]
        assert (await jobs.health()).counts == {"completed": 1}
        assert [queue.name for queue in await jobs.queues.list()] == ["default"]
        assert (await jobs.wait(job, timeout=20)).status == "completed"
        for refused in (jobs.create("t"), jobs.cancel(job.uid), jobs.retry(job.uid, force=True)):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await refused


@pytest.mark.parametrize(
    ("part", "refused"),
    [
        ("producer", [*HARMFUL, *WORKING]),
        ("worker", [*HARMFUL, *PRODUCING[:-1]]),
        ("monitor", [*HARMFUL, *PRODUCING, *WORKING]),
    ],
)
def test_nothing_else(parts: dict[str, str], part: str, refused: list[str]) -> None:
    assert [statement for statement in refused if may(parts[part], statement)] == []


def may(dsn: str, statement: str) -> bool:
    try:
        sql(dsn, statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


@pytest.mark.parametrize(
    "column", ["status", "attempts", "worker", "attempt_id", "result", "parked", "created_at"]
)
def test_a_producer_says_nothing_of_what_becomes_of_a_job(
    parts: dict[str, str], column: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql(
            parts["producer"],
            f"insert into steve.job (uid, type, {column}) values (gen_random_uuid(), 't', null)",
        )


@pytest.mark.parametrize("column", ["type", "payload", "queue", "max_attempts", "uid"])
def test_a_worker_does_not_make_one_job_of_another(parts: dict[str, str], column: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql(parts["worker"], f"update steve.job set {column} = null")


@pytest.mark.parametrize("part", ["producer", "worker", "monitor"])
async def test_the_doctor_raises_no_alarm(parts: dict[str, str], part: str) -> None:
    found = {check.name: check for check in (await examined(parts[part])).checks}
    # To look for drift one has to create, and to see what others do takes a role of PostgreSQL's.
    assert {name for name, check in found.items() if check.status == "unknown"} <= {
        "drift",
        "snapshots",
    }
    assert {name for name, check in found.items() if check.status in ("error", "warning")} == set()
    can = "monitor" if part == "monitor" else f"{part}, monitor"
    assert found["privileges"].found[0].endswith(f" can be {can}")
