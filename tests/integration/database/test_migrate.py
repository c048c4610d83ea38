from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg.rows import TupleRow

from steve.core.errors import SchemaBehind, SchemaError, SchemaMissing, SchemaTooNew
from steve.database import migrate as module
from steve.database.connect import connect
from steve.database.migrate import check, migrate, script, uninstall, version
from steve.sql import Migration, migrations, quoted
from support.waiting import eventually_async

Connection = psycopg.AsyncConnection[TupleRow]

HEAD = len(migrations("steve"))
HOSTILE = ["my-schema", "Ünïcode", 'a"b', "it's", "select", "$$", "50%", "a.b", "x" * 63]


async def rows(connection: Connection, sql: str, *values: Any) -> list[Any]:
    cursor = await connection.execute(sql.encode(), values or None)
    return await cursor.fetchall()


async def set_version(connection: Connection, number: int) -> None:
    await connection.execute("delete from steve.migration where version > %s", [number])
    if number > HEAD:
        await connection.execute("insert into steve.migration values (%s, 'later')", [number])


async def test_an_empty_database_is_brought_up_to_date(connection: Connection) -> None:
    assert await version(connection, "steve") == 0
    assert await migrate(connection, "steve") == migrations("steve")
    assert await version(connection, "steve") == HEAD
    found = await rows(
        connection, "select version, name, applied_at <= now() from steve.migration order by 1"
    )
    assert found == [(m.version, m.name, True) for m in migrations("steve")]
    await check(connection, "steve")


async def test_a_second_time_only_reads(connection: Connection) -> None:
    await migrate(connection, "steve")
    await connection.execute("set default_transaction_read_only = on")
    assert await migrate(connection, "steve") == []


@pytest.mark.parametrize("schema", HOSTILE)
async def test_any_schema_name(connection: Connection, schema: str) -> None:
    await migrate(connection, schema)
    await check(connection, schema)
    where = f"to_regnamespace('{quoted(schema).replace(chr(39), chr(39) * 2)}')"
    assert await rows(connection, f"select {where}::text") == [(quoted_by_server(schema),)]
    strays = "select nspname from pg_namespace where nspname !~ '^(pg_|information_schema|public)'"
    assert await rows(connection, strays) == [(schema,)]
    [(uid,)] = await rows(connection, f"select {quoted(schema)}.create_job('t')")
    assert uid is not None
    assert await uninstall(connection, schema)
    assert await rows(connection, strays) == []


def quoted_by_server(schema: str) -> str:
    return schema if schema == "x" * 63 else quoted(schema)


async def test_two_schemas_live_side_by_side(connection: Connection) -> None:
    await migrate(connection, "one")
    await migrate(connection, "two")
    await connection.execute("select one.create_job('t')")
    assert await rows(connection, "select count(*) from two.jobs") == [(0,)]
    await uninstall(connection, "one")
    await check(connection, "two")


async def test_check_says_what_is_wrong_and_what_to_do(connection: Connection) -> None:
    with pytest.raises(SchemaMissing, match=r"not installed in schema 'steve'.*`steve migrate`"):
        await check(connection, "steve")
    await migrate(connection, "steve")
    await set_version(connection, HEAD - 1)
    with pytest.raises(SchemaBehind, match=f"version {HEAD - 1}.*needs {HEAD}.*`steve migrate`"):
        await check(connection, "steve")
    await set_version(connection, HEAD + 5)
    with pytest.raises(SchemaTooNew, match=f"version {HEAD + 5}.*up to {HEAD}: upgrade pg-steve"):
        await check(connection, "steve")
    with pytest.raises(SchemaTooNew):
        await migrate(connection, "steve")
    assert await rows(connection, "select max(version) from steve.migration") == [(HEAD + 5,)]


async def test_what_is_missing_is_run_and_nothing_else(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(connection, "steve")
    more = Migration(
        HEAD + 1, "more", "create table steve.more (); create view steve.v as select 1"
    )
    extend(monkeypatch, more)
    assert await migrate(connection, "steve") == [more]
    assert await version(connection, "steve") == HEAD + 1


async def test_a_migration_that_fails_leaves_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(connection, "steve")
    extend(monkeypatch, Migration(HEAD + 1, "bad", "create table steve.more (); select 1/0"))
    with pytest.raises(psycopg.errors.DivisionByZero):
        await migrate(connection, "steve")
    assert await rows(connection, "select to_regclass('steve.more')::text") == [(None,)]
    assert await version(connection, "steve") == HEAD


def extend(monkeypatch: pytest.MonkeyPatch, more: Migration) -> None:
    known = [*migrations("steve"), more]
    monkeypatch.setattr(module, "migrations", lambda schema: known)


async def test_a_connection_without_autocommit_will_do(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await migrate(connection, "steve")
        await check(connection, "steve")
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        async with connection.transaction():
            with pytest.raises(SchemaError, match="not in a transaction"):
                await migrate(connection, "steve")


async def test_a_strict_isolation_and_a_short_statement_timeout_do_not_matter(
    connection: Connection,
) -> None:
    await connection.execute("set default_transaction_isolation = 'serializable'")
    await connection.execute("set statement_timeout = '5ms'")
    await migrate(connection, "steve")
    assert await rows(connection, "show statement_timeout") == [("5ms",)]


async def test_a_lock_of_somebody_else_is_waited_for_in_small_portions(
    dsn: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.1)
    await migrate(connection, "steve")
    extend(monkeypatch, Migration(HEAD + 1, "more", "alter table steve.job add more int"))
    async with await connect(dsn, name="reader") as reader:
        async with reader.transaction():
            await reader.execute("select from steve.job")
            with pytest.raises(SchemaError, match="other sessions hold locks"):
                await migrate(connection, "steve", patience=0.3)
            waiting = asyncio.create_task(migrate(connection, "steve"))
            # While we wait, others are not kept from the table for longer than the lock timeout.
            async with await connect(dsn, name="job") as other, asyncio.timeout(5):
                for _ in range(5):
                    await other.execute("select steve.create_job('t')")
        assert len(await waiting) == 1


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_a_schema_that_somebody_else_makes_at_the_same_time(
    dsn: str, connection: Connection, end: str
) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as rival:
        await rival.execute("create schema steve")
        running = asyncio.create_task(migrate(connection, "steve"))
        waits = "select from pg_locks where not granted and pid = %s"

        async def blocked() -> bool:
            return bool(await rows(rival, waits, connection.info.backend_pid))

        await eventually_async(blocked)
        await rival.execute(end.encode())
        assert await running == migrations("steve")


async def test_a_schema_of_others_is_not_touched(connection: Connection) -> None:
    await connection.execute("create table public.theirs ()")
    with pytest.raises(SchemaError, match=r"'public' already holds .*'theirs'"):
        await migrate(connection, "public")
    await connection.execute("create schema app")
    await connection.execute("create table app.migration (name text)")
    for attempt in (migrate, check, uninstall):
        with pytest.raises(SchemaError, match=r"'app' already holds .*'migration'"):
            await attempt(connection, "app")
    assert await rows(connection, "select to_regclass('app.migration')::text") == [
        ("app.migration",)
    ]


async def test_a_schema_that_is_empty_will_do(connection: Connection) -> None:
    await connection.execute("create schema prepared")
    await migrate(connection, "prepared")
    await check(connection, "prepared")


async def test_a_user_without_privileges_is_told(dsn: str, connection: Connection) -> None:
    [(user,)] = await rows(connection, "select format('guest_%s', pg_backend_pid())")
    await connection.execute(f"create role {user} login".encode())
    try:
        await connection.execute(f"set session authorization {user}".encode())
        with pytest.raises(SchemaError, match=r"may not create it.*--sql"):
            await migrate(connection, "steve")
        await connection.execute("reset session authorization")
        await migrate(connection, "steve")
        await connection.execute(f"set session authorization {user}".encode())
        with pytest.raises(SchemaError, match=r"permission denied.*--sql"):
            await check(connection, "steve")
    finally:
        await connection.execute("reset session authorization")
        await connection.execute(f"drop owned by {user}; drop role {user}".encode())


async def test_a_read_only_server_is_named(connection: Connection) -> None:
    await connection.execute("set default_transaction_read_only = on")
    with pytest.raises(SchemaError, match="read-only"):
        await migrate(connection, "steve")


async def test_uninstall_takes_everything_and_nothing_else(connection: Connection) -> None:
    assert not await uninstall(connection, "steve")
    await connection.execute("create schema steve")
    assert not await uninstall(connection, "steve")
    await migrate(connection, "steve")
    assert await uninstall(connection, "steve")
    assert await rows(connection, "select to_regnamespace('steve')::text") == [(None,)]
    await migrate(connection, "steve")
    await check(connection, "steve")


@pytest.mark.parametrize("schema", ["steve", "a\"b'c$$"])
async def test_the_script_does_the_same(connection: Connection, schema: str) -> None:
    await connection.execute(script(schema).encode())
    await check(connection, schema)
    assert await migrate(connection, schema) == []
    assert script(schema, HEAD).count("begin;") == 0
    assert script(schema, HEAD - 1).count("begin;") == 1
