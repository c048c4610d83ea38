"""A schema is broken in each way; the doctor names it, its SQL mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.database.migrate import migrate
from steve.sql import quoted
from support.examining import looked, sql

if TYPE_CHECKING:
    from steve import Check

pytestmark = pytest.mark.any_postgres

SCRATCH = "select count(*) from pg_namespace where nspname like 'steve_doctor%'"

ERRORS = {
    "the index steve.job_claim on steve.job is missing": ["drop index steve.job_claim"],
    "the index steve.job_archive_uid on steve.job_archive is missing": [
        "drop index steve.job_archive_uid"
    ],
    "the index steve.job_archive_id on steve.job_archive is invalid": [
        "drop index steve.job_archive_id",
        "create index job_archive_id on only steve.job_archive (id)",
    ],
    "the index steve.job_parked on steve.job was changed": [
        "drop index steve.job_parked",
        "create index job_parked on steve.job (queue) where parked",
    ],
    "the function steve.now() was changed": [
        "create or replace function steve.now() returns timestamptz language sql stable "
        "as $$ select clock_timestamp() $$"
    ],
    "the function steve.cancel_job(uuid, text) is missing": [
        "drop function steve.cancel_job(uuid, text)"
    ],
    "the function steve.wake_waiters(uuid[]) was changed": [
        "drop function steve.wake_waiters(uuid[])",
        "create function steve.wake_waiters(other uuid[]) returns bigint language sql "
        "as $$ select 0::bigint $$",
    ],
    "the constraint job_priority of steve.job is missing": [
        "alter table steve.job drop constraint job_priority"
    ],
    "the constraint attempt_status of steve.attempt is missing": [
        "alter table steve.attempt drop constraint attempt_status"
    ],
    "the constraint job_counts of steve.job was changed: it is CHECK": [
        "alter table steve.job drop constraint job_counts",
        "alter table steve.job add constraint job_counts check (attempts >= 1)",
    ],
    "the constraint job_pkey of steve.job is missing": [
        "alter table steve.job drop constraint job_pkey"
    ],
    "the column payload of steve.job was changed: it is jsonb NOT NULL and should be": [
        "alter table steve.job alter column payload drop default"
    ],
    "the column type of steve.job was changed": [
        "alter table steve.job alter column type drop not null"
    ],
    "the column result of steve.job was changed": [
        "alter table steve.job alter column result set default '1'",
        "alter table steve.job alter column result set not null",
    ],
    "the column fingerprint of steve.job is missing": [
        "alter table steve.job drop column fingerprint cascade"
    ],
    "the view steve.jobs was changed": [
        "drop view steve.jobs",
        "create view steve.jobs as select id, uid from steve.job",
    ],
    "the view steve.jobs is missing": ["drop view steve.jobs"],
    "the sequence steve.attempt_id was changed": [
        "alter sequence steve.attempt_id increment by -1 cycle"
    ],
    "the way in which steve.job is kept was changed: it is UNLOGGED and should be LOGGED": [
        "alter table steve.job set unlogged"
    ],
    "row security of steve.job was changed": ["alter table steve.job enable row level security"],
}

WARNINGS = {
    "the setting fillfactor of steve.job was changed: it is 100 and should be 70": [
        "alter table steve.job set (fillfactor = 100)"
    ],
    "the setting autovacuum_vacuum_scale_factor of steve.job is missing": [
        "alter table steve.job reset (autovacuum_vacuum_scale_factor)"
    ],
    "the constraint job_priority of steve.job was never validated": [
        "alter table steve.job drop constraint job_priority",
        "alter table steve.job add constraint job_priority "
        "check (priority between -100 and 100) not valid",
    ],
    "the index steve.mine on steve.job is not steve's": ["create index mine on steve.job (type)"],
    "the constraint mine of steve.job is not steve's": [
        "alter table steve.job add constraint mine check (id > 0)"
    ],
    "the function steve.create_job(text) is not steve's": [
        "create function steve.create_job(text) returns int language sql as $$ select 1 $$"
    ],
    "the trigger mine of steve.job is not steve's": [
        "create function public.mine() returns trigger language plpgsql "
        "as $$ begin return new; end $$",
        "create trigger mine before insert on steve.job execute function public.mine()",
    ],
}


def nothing_is_left(dsn: str) -> None:
    assert sql(dsn, SCRATCH) == [(0,)]


async def test_nothing_has_changed(migrated_dsn: str) -> None:
    found = await looked(migrated_dsn, "drift")
    assert (found.status, found.exit_code, found.sql) == ("ok", 0, [])
    assert "objects are as the migrations made them" in found.found[0]
    nothing_is_left(migrated_dsn)


@pytest.mark.parametrize(
    ("status", "named"),
    [*(("error", named) for named in ERRORS), *(("warning", named) for named in WARNINGS)],
)
async def test_what_is_wrong_is_named_and_mended(
    migrated_dsn: str, status: str, named: str
) -> None:
    sql(migrated_dsn, *{**ERRORS, **WARNINGS}[named])
    found = await looked(migrated_dsn, "drift")
    assert (found.status, found.exit_code) == (status, 12)
    await is_mended(migrated_dsn, found, named)


async def is_mended(dsn: str, found: Check, named: str) -> None:
    assert any(sentence.startswith(named) for sentence in found.found), found
    assert found.remedy
    sql(dsn, *found.sql)
    again = await looked(dsn, "drift")
    assert again.status == "ok", again
    nothing_is_left(dsn)


LEFT_TO_PEOPLE = {
    "the table steve.queue is missing": ["drop table steve.queue"],
    "the sequence steve.attempt_id is missing": ["drop sequence steve.attempt_id"],
    "the column timeout of steve.job was changed: it is text": [
        "drop view steve.jobs",
        "alter table steve.job drop constraint job_timeout, alter column timeout type text",
    ],
    "the column host of steve.worker is missing": ["alter table steve.worker drop column host"],
    "the table steve.mine is not steve's": ["create table steve.mine (id int primary key)"],
    "the column mine of steve.job is not steve's": ["alter table steve.job add column mine int"],
}


@pytest.mark.parametrize("named", LEFT_TO_PEOPLE)
async def test_what_no_sql_mends_is_left_to_people(migrated_dsn: str, named: str) -> None:
    sql(migrated_dsn, *LEFT_TO_PEOPLE[named])
    found = await looked(migrated_dsn, "drift")
    [sentence] = [sentence for sentence in found.found if sentence.startswith(named)]
    assert found.status == ("warning" if "is not steve's" in sentence else "error")
    assert found.remedy
    name = named.split()[2]
    assert not any(f" {name} " in statement for statement in found.sql)


async def test_an_index_that_was_not_finished(migrated_dsn: str) -> None:
    """What CREATE INDEX CONCURRENTLY leaves behind when it is given up."""
    sql(migrated_dsn, "drop index steve.job_claim")
    with psycopg.connect(migrated_dsn) as other:
        other.execute("set transaction isolation level repeatable read")
        other.execute("select from steve.job")
        with pytest.raises(psycopg.errors.QueryCanceled):
            sql(
                migrated_dsn,
                "set statement_timeout = '300ms'",
                "create index concurrently job_claim on steve.job "
                "(queue, priority desc, run_at, id) where status = 'pending' and not parked",
            )
    found = await looked(migrated_dsn, "drift")
    assert found.sql[0] == "DROP INDEX CONCURRENTLY steve.job_claim;"
    await is_mended(migrated_dsn, found, "the index steve.job_claim on steve.job is invalid")


async def test_an_index_of_a_partition_alone(migrated_dsn: str) -> None:
    """Dated partitions are not compared, but what one of them has by itself is named."""
    [(partition,)] = sql(
        migrated_dsn, "select inhrelid::regclass::text from pg_inherits "
        "where inhparent = 'steve.attempt'::regclass limit 1"
    )  # fmt: skip
    sql(migrated_dsn, f"create index mine on {partition} (worker)")
    found = await looked(migrated_dsn, "drift")
    assert found.sql == ["DROP INDEX CONCURRENTLY steve.mine;"]
    await is_mended(migrated_dsn, found, f"the index steve.mine on {partition} is not steve's")


async def test_older_and_newer_partitions_are_no_drift(migrated_dsn: str) -> None:
    sql(migrated_dsn, "select steve.create_partitions('60 days', now() - interval '200 days')")
    assert (await looked(migrated_dsn, "drift")).status == "ok"
    sql(
        migrated_dsn,
        "do $$ declare p text := (select max(inhrelid::regclass::text) from pg_inherits "
        "where inhparent = 'steve.attempt'::regclass); "
        "begin execute 'alter table steve.attempt detach partition ' || p; end $$",
    )
    assert (await looked(migrated_dsn, "drift")).status == "ok"


@pytest.mark.parametrize("schema", ["User", "user", "it's", 'we"ird $name: é', "a", "x" * 63])
async def test_schemas_of_any_name(dsn: str, schema: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await migrate(connection, schema)
    assert (await looked(dsn, "drift", schema=schema)).status == "ok"
    home = quoted(schema)
    sql(
        dsn,
        f"drop index {home}.job_claim",
        f"drop function {home}.create_partitions",
        f"drop function {home}.wake_workers",
        f"alter table {home}.job alter column created_at drop default",
    )
    found = await looked(dsn, "drift", schema=schema)
    assert len(found.found) == 4
    sql(dsn, *found.sql)
    assert (await looked(dsn, "drift", schema=schema)).status == "ok"


async def test_two_schemas_in_one_database(migrated_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(migrated_dsn, autocommit=True) as connection:
        await migrate(connection, "other")
    sql(migrated_dsn, "drop index other.job_claim")
    assert (await looked(migrated_dsn, "drift")).status == "ok"
    assert (await looked(migrated_dsn, "drift", schema="other")).status == "error"


async def test_it_waits_for_nobody_and_nobody_for_it(migrated_dsn: str) -> None:
    """Work goes on while the migrations are tried, even where all tables are locked for reading."""
    with psycopg.connect(migrated_dsn) as worker:
        worker.execute("lock table steve.job, steve.worker, steve.attempt in share mode")
        assert (await looked(migrated_dsn, "drift")).status == "ok"
