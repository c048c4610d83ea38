"""Roles with privileges on the tables, as they were granted before there were parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import conninfo

from integration.roles.conftest import login
from steve.core.settings import Retention
from steve.database.migrate import migrate
from steve.maintenance.partitions import Partitions
from steve.sql import migrations, quoted
from steve.telemetry.telemetry import Telemetry
from support.examining import sql
from support.workers import Bench

if TYPE_CHECKING:
    from integration.roles.conftest import MakeRole

pytestmark = pytest.mark.any_postgres

NEXT_WEEK = "to_char(date_trunc('week', now() at time zone 'UTC') + interval '7 days', 'YYYYMMDD')"


async def upgraded(dsn: str, *grants: str) -> None:
    """Upgrade a schema where these had been granted."""
    sql(dsn, *(m.text for m in migrations("steve")[:3]))
    sql(dsn, "insert into steve.migration values (1, ''), (2, ''), (3, '')", *grants)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await migrate(connection, "steve")


async def tend(dsn: str) -> None:
    """Tend the partitions as a worker does that keeps history for a day."""
    bench = Bench(dsn, None)  # pyright: ignore[reportArgumentType]
    try:
        await Partitions(
            bench.run,
            lambda: bench.database.connect(name="steve worker partitions"),
            "steve",
            Retention(86_400.0, 86_400.0),
            Telemetry(),
        ).tend()
    finally:
        await bench.close()


@pytest.mark.parametrize("to", ["role", "public", "pg_write_all_data"])
async def test_an_upgrade_takes_nothing_away(dsn: str, make_role: MakeRole, to: str) -> None:
    """Privileges on tables were what it took to cancel, and to ask for missing partitions."""
    role = make_role("web")
    if to == "pg_write_all_data":
        await upgraded(dsn, f"grant pg_read_all_data, pg_write_all_data to {quoted(role)}")
    else:
        grantee = quoted(role) if to == "role" else to
        await upgraded(
            dsn,
            f"grant usage on schema steve to {grantee}",
            f"grant select, insert, update, delete on all tables in schema steve to {grantee}",
            f"grant usage on sequence steve.attempt_id to {grantee}",
        )
    as_role = login(dsn, role)
    [(uid,)] = sql(as_role, "select steve.create_job('t')")
    assert sql(as_role, f"select steve.cancel_job('{uid}')") == [(True,)]
    again = f'[{{"uid": "{uid}", "type": "t"}}]'
    assert sql(as_role, f"select steve.create_jobs('{again}', resent => true)") == []

    for since in (
        "insert into steve.log select nextval('steve.log_id'), 1, 1, now(), 20, 'hello'",
        "insert into steve.sample (width, queue, began_at) values (10, '', now())",
        "update steve.sample set width = 60",
        "delete from steve.sample",
        "delete from steve.log",
        "insert into steve.action (action, changed) values ('delete', 1)",
    ):
        sql(as_role, since)

    [(week,)] = sql(dsn, f"select 'steve.attempt_' || {NEXT_WEEK}")
    sql(dsn, f"drop table {week}")
    await tend(as_role)
    assert sql(dsn, f"select to_regclass('{week}') is not null") == [(True,)]

    everybodys = sql(
        dsn,
        "select distinct has_function_privilege('public', oid, 'execute') from pg_proc where "
        "pronamespace = 'steve'::regnamespace and prosecdef and proname <> 'remove_partition'",
    )
    assert everybodys == [(to == "public",)]


async def test_what_a_role_may_not_keeps_it_from_nothing_else(
    parts: dict[str, str], migrated_dsn: str
) -> None:
    user = quoted(str(conninfo.conninfo_to_dict(parts["worker"])["user"]))
    sql(
        migrated_dsn,
        "select steve.create_partitions(since => now() - interval '9 days')",
        f"revoke execute on function steve.create_partitions from {user}",
        "insert into steve.worker (name, host, pid, version, channel, queues, concurrency, lease, "
        "expires_at, died_at, death, swept_at) select 'w', 'h', 1, '0', 'c', '{}', 1, 1, "
        "long_ago, long_ago, 'lost', long_ago "
        "from (select now() - interval '90 days') as t (long_ago)",
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="create_partitions"):
        await tend(parts["worker"])
    assert sql(migrated_dsn, "select from steve.worker") == []
    over = "'job_archive_completed_' || to_char(now() - interval '5 days', 'YYYYMMDD')"
    assert sql(migrated_dsn, f"select to_regclass('steve.' || {over})") == [(None,)]
