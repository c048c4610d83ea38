from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import pq
from psycopg.rows import TupleRow, dict_row

from steve.database.execute import execute, execute_blocking, execute_together
from steve.database.migrate import migrate
from steve.operations.operation import Operation, first_column
from steve.sql import statement
from support.network import Proxy
from support.statements import ask

Connection = psycopg.AsyncConnection[TupleRow]

pytestmark = pytest.mark.usefixtures("own_statements")


async def test_an_operation_reads_the_rows_of_its_statement(connection: Connection) -> None:
    operation = Operation("select unnest(:ids::bigint[])", {"ids": [3, 2**40]}, first_column)
    assert await execute(connection, operation, "steve") == [3, 2**40]


async def test_the_connections_own_factories_do_not_matter(dsn: str) -> None:
    async with await psycopg.AsyncConnection[Any].connect(
        dsn, row_factory=dict_row, cursor_factory=psycopg.AsyncClientCursor
    ) as connection:
        assert await execute(connection, ask("select :a::int, :a::text", a=1), "s") == [(1, "1")]


async def test_a_statement_without_an_answer_has_no_rows(connection: Connection) -> None:
    await execute(connection, ask("create table t (a int)"), "steve")
    assert await execute(connection, ask("insert into t values (:a::int)", a=1), "steve") == []
    assert await execute(connection, ask("select a from t where a = 2"), "steve") == []


async def test_a_caller_without_autocommit_keeps_their_transaction(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await execute(connection, ask("create table t ()"), "steve")
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        await connection.rollback()
        assert await execute(connection, ask("select to_regclass('t')::text"), "s") == [(None,)]


async def test_prepare_is_for_the_server_to_remember(connection: Connection) -> None:
    operation = ask(
        "select name from pg_prepared_statements where statement like '%' || :a::text", a=""
    )
    assert await execute(connection, operation, "steve") == []
    assert len(await execute(connection, operation, "steve", prepare=True)) == 1


async def test_a_connection_that_prepares_nothing_is_obeyed(connection: Connection) -> None:
    connection.prepare_threshold = None
    operation = ask("select name from pg_prepared_statements")
    assert await execute(connection, operation, "steve", prepare=True) == []


def test_a_blocking_connection_gives_the_same(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert execute_blocking(connection, ask("select :a::int + 1", a=1), "s") == [(2,)]
        assert execute_blocking(connection, ask("create table t ()"), "s", prepare=True) == []


async def test_together_is_one_transaction(connection: Connection) -> None:
    await execute(connection, ask("create table t (a int primary key)"), "steve")
    insert = "insert into t values (:a::int) returning pg_current_xact_id()::text"
    answers = await execute_together(
        connection, [ask(insert, a=1), ask("select"), ask(insert, a=2)], "steve", prepare=True
    )
    assert answers[0] == answers[2]
    assert answers[1] == [()]
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


async def test_together_all_or_none(connection: Connection) -> None:
    await execute(connection, ask("create table t (a int primary key)"), "steve")
    insert = "insert into t values (:a::int)"
    with pytest.raises(psycopg.errors.UniqueViolation):
        await execute_together(
            connection, [ask(insert, a=1), ask(insert, a=1), ask(insert, a=2)], "steve"
        )
    assert await execute(connection, ask("select count(*) from t"), "steve") == [(0,)]


async def test_together_without_pipelines_is_the_same(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg.AsyncPipeline, "is_supported", lambda: False)
    await test_together_is_one_transaction(connection)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await execute_together(connection, [ask("insert into t values (:a::int)", a=1)], "steve")
    assert await execute(connection, ask("select count(*) from t"), "steve") == [(2,)]


async def test_together_joins_the_callers_transaction(connection: Connection) -> None:
    await execute(connection, ask("create table t (a int)"), "steve")
    async with connection.transaction(force_rollback=True):
        await execute_together(connection, [ask("insert into t values (1)")] * 2, "steve")
        assert await execute(connection, ask("select count(*) from t"), "steve") == [(2,)]
    assert await execute(connection, ask("select count(*) from t"), "steve") == [(0,)]


async def test_together_takes_one_round_trip(dsn: str) -> None:
    async with (
        Proxy(dsn).running() as proxy,
        await psycopg.AsyncConnection.connect(proxy.dsn, autocommit=True) as connection,
    ):
        before = proxy.turns
        await execute_together(connection, [ask("select 1"), ask("select 2")], "steve")
        assert proxy.turns == before + 1


async def test_a_statement_finds_its_schema(connection: Connection) -> None:
    await connection.execute('create schema "it\'s"')
    await connection.execute('create table "it\'s".job (a int)')
    operation = ask("select count(*), 'steve.job'::regclass::text from steve.job")
    assert await execute(connection, operation, "it's") == [(0, '"it\'s".job')]


async def test_statements_of_the_package_prepare_in_a_hostile_schema(
    connection: Connection,
) -> None:
    schema = "a\"b'c$$d:e%s"
    await migrate(connection, schema)
    folder = Path(__file__).parents[3] / "src/steve/sql/statements"
    for path in folder.rglob("*.sql"):
        name = str(path.relative_to(folder).with_suffix(""))
        text = statement(name, schema).text
        answer = connection.pgconn.prepare(b"", text.encode())
        assert answer.status == pq.ExecStatus.COMMAND_OK, answer.error_message.decode()
