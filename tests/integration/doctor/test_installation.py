"""Databases that steve cannot work with, or not quite."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import conninfo
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from steve import Jobs, OptionError
from steve.jobs.doctor import asking
from steve.jobs.doctor.check import EXIT_CODES
from steve.jobs.doctor.examine import Examination
from steve.sql import migrations
from support.examining import examined, looked, sql
from support.network import unused_port

pytestmark = pytest.mark.any_postgres

NEWEST = len(migrations("steve"))
TIMELESS = {"database", "snapshots", "listen", "clock"}


async def test_all_is_well(migrated_dsn: str) -> None:
    found = await examined(migrated_dsn)
    assert {check.name: check.status for check in found.checks} == dict.fromkeys(EXIT_CODES, "ok")
    assert (found.status, found.exit_code, found.schema) == ("ok", 0, "steve")
    assert all(check.found and not check.sql for check in found.checks)
    assert found.now is not None


async def test_steve_is_not_installed(dsn: str) -> None:
    found = await examined(dsn)
    assert (found.status, found.exit_code) == ("error", 11)
    [first, *others] = found.checks
    assert "not installed" in first.found[0]
    assert "`steve migrate`" in first.remedy[0]
    assert {check.status for check in others} == {"unknown", "ok"}
    assert {check.name for check in others if check.status == "ok"} == TIMELESS
    assert sql(dsn, "select from pg_namespace where nspname ~ '^steve'") == []


async def test_something_else_is_there(dsn: str) -> None:
    sql(dsn, "create schema steve", "create table steve.migration (id int)")
    found = await examined(dsn)
    assert (found.status, found.exit_code) == ("error", 11)


async def test_an_older_schema(dsn: str) -> None:
    """It is compared with what its version was like."""
    for migration in migrations("steve")[:-1]:
        sql(dsn, migration.text)
        sql(dsn, f"insert into steve.migration (version, name) values ({migration.version}, '')")
    found = {check.name: check for check in (await examined(dsn)).checks}
    assert (found["schema"].status, found["schema"].exit_code) == ("error", 11)
    assert f"version {NEWEST - 1}, and this steve needs {NEWEST}" in found["schema"].found[0]
    assert "`steve migrate`" in found["schema"].remedy[0]
    assert found["drift"].status == "ok", found["drift"]


async def test_a_pool_of_the_callers(migrated_dsn: str) -> None:
    """Its connections need not commit by themselves, and are given back as they were."""
    async with AsyncConnectionPool(migrated_dsn, min_size=2, open=False) as pool:
        jobs = Jobs(pool, migrate="never")
        found = await jobs.doctor()
        assert found.status == "ok", found
        await jobs.close()
        async with pool.connection() as connection:
            assert connection.info.transaction_status is TransactionStatus.IDLE
            cursor = await connection.execute("show transaction_read_only")
            assert await cursor.fetchone() == ("off",)


async def test_a_newer_schema(migrated_dsn: str) -> None:
    sql(migrated_dsn, "insert into steve.migration (version, name) values (999, 'later')")
    found = {check.name: check for check in (await examined(migrated_dsn)).checks}
    assert found["schema"].status == "error"
    assert "upgrade pg-steve" in found["schema"].remedy[0]
    assert found["drift"].status == "unknown"
    assert found["partitions"].status == "ok"


async def test_half_a_schema_is_no_traceback(migrated_dsn: str) -> None:
    sql(migrated_dsn, "drop table steve.job, steve.worker, steve.queue cascade")
    found = {check.name: check for check in (await examined(migrated_dsn)).checks}
    assert found["drift"].status == "error"
    for name in ("workers", "types", "backlog", "vacuum"):
        assert found[name].status == "unknown", found[name]
        assert "drift" in found[name].remedy[0]


async def test_the_database_is_not_reached() -> None:
    dsn = f"postgresql://me:hidden@127.0.0.1:{unused_port()}/none"
    found = await examined(dsn, connect_timeout=0.5)
    assert (found.status, found.exit_code, found.now) == ("error", 10, None)
    assert len(found.checks) == len(EXIT_CODES)
    assert {check.status for check in found.checks[1:]} == {"unknown"}
    assert "hidden" not in str(found)


async def test_a_connection_that_breaks(migrated_dsn: str) -> None:
    """What was asked before counts, the rest could not be looked at."""
    jobs = Jobs(migrated_dsn, migrate="never")
    runtime = await jobs._opened(prepared=False)
    async with runtime.connection() as connection:
        sql(migrated_dsn, f"select pg_terminate_backend({connection.info.backend_pid})")
        examination = Examination(connection, runtime, jobs._settings)
        found = await examination.make(["database", "schema", "drift", "privileges", "clock"])
    await jobs.close()
    assert [check.status for check in found.checks] == ["unknown"] * 5
    assert found.exit_code == 10


@pytest.mark.usefixtures("forgetful")
async def test_a_database_that_takes_no_writes(migrated_dsn: str) -> None:
    name = conninfo.conninfo_to_dict(migrated_dsn)["dbname"]
    sql(migrated_dsn, f"alter database {name} set default_transaction_read_only = on")
    found = {check.name: check for check in (await examined(migrated_dsn)).checks}
    assert found["database"].status == "error"
    assert found["drift"].status == "unknown"
    assert found["schema"].status == "ok"


async def test_tables_that_are_locked(migrated_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor is not one more who waits."""
    monkeypatch.setattr(asking, "LOCK_TIMEOUT", 0.1)
    with psycopg.connect(migrated_dsn) as other:
        other.execute("lock table steve.job, steve.worker in access exclusive mode")
        found = {check.name: check for check in (await examined(migrated_dsn)).checks}
    for name in ("workers", "types", "backlog", "connections"):
        assert found[name].status == "unknown", found[name]
        assert "pg_locks" in found[name].remedy[0]
    assert found["schema"].status == "ok"


async def test_checks_are_left_out(migrated_dsn: str) -> None:
    found = await examined(migrated_dsn, skip=["drift", "listen"])
    assert {check.name for check in found.checks} == set(EXIT_CODES) - {"drift", "listen"}
    async with Jobs(migrated_dsn) as jobs:
        with pytest.raises(OptionError, match="there is no check 'drifts'"):
            await jobs.doctor(skip="drifts")


async def test_a_gap_among_the_partitions(migrated_dsn: str) -> None:
    [(name,)] = sql(
        migrated_dsn, "select 'job_archive_completed_' || to_char(now() at time zone 'utc' + "
        "interval '5 days', 'YYYYMMDD')"
    )  # fmt: skip
    sql(migrated_dsn, f"drop table steve.{name}")
    found = await looked(migrated_dsn, "partitions")
    assert (found.status, found.exit_code) == ("warning", 14)
    assert f"steve.{name}" in found.found[0]
    sql(migrated_dsn, *found.sql)
    assert (await looked(migrated_dsn, "partitions")).status == "ok"


async def test_every_table_that_is_partitioned_by_time_is_looked_at(migrated_dsn: str) -> None:
    parents = sql(
        migrated_dsn,
        "do $$ declare leaf regclass; begin for leaf in select inhrelid::regclass from pg_inherits "
        "join pg_partitioned_table on partrelid = inhparent where partstrat = 'r' "
        "loop execute format('drop table %s', leaf); end loop; end $$",
        "select partrelid::regclass::text from pg_partitioned_table where partstrat = 'r'",
    )
    found = await looked(migrated_dsn, "partitions")
    assert found.status == "error"
    assert len(found.found) == len(parents)
    assert all(any(f"of {parent} missing" in text for text in found.found) for (parent,) in parents)
    sql(migrated_dsn, *found.sql)
    assert (await looked(migrated_dsn, "partitions")).status == "ok"


async def test_no_partition_for_what_ends_now(migrated_dsn: str) -> None:
    [(name,)] = sql(
        migrated_dsn,
        "select 'attempt_' || to_char(date_trunc('week', now() at time zone 'utc'), 'YYYYMMDD')",
    )
    sql(migrated_dsn, f"alter table steve.attempt detach partition steve.{name}")
    found = await looked(migrated_dsn, "partitions")
    assert found.status == "error"
    assert "needed now" in found.found[0]
    [attach] = found.sql
    assert "ATTACH PARTITION" in attach
    sql(migrated_dsn, *found.sql)
    assert (await looked(migrated_dsn, "partitions")).status == "ok"
