"""A prepared statement without a cursor: the same answers, errors and ends as with one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import TupleRow

from steve.database import prepared
from steve.database.errors import is_connection_spoiled
from steve.database.execute import execute
from steve.database.prepared import PreparedStatement
from steve.operations.operation import Operation
from steve.sql.loader import rewrite
from support.network import Proxy
from support.waiting import eventually_async

Connection = psycopg.AsyncConnection[TupleRow]

pytestmark = pytest.mark.usefixtures("own_statements")


@pytest.fixture(autouse=True)
def own_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "statement", rewrite)


def ask(sql: str, **values: Any) -> Operation[list[Any]]:
    return Operation(sql, values, list)


def ready(connection: Connection, operation: Operation[Any]) -> PreparedStatement:
    return PreparedStatement(connection, operation.name, "steve")


async def test_it_answers_as_a_cursor_does(connection: Connection) -> None:
    sql = (
        "select :number::bigint, :uid::uuid, :words::text[], :nothing::text, "
        "'{\"a\": 1}'::jsonb, '2026-11-28 12:00+02'::timestamptz, 1.5::float8, n "
        "from generate_series(1, :rows::bigint) n"
    )
    statement = ready(connection, ask(sql))
    for rows in (2, 0, 1):
        values: dict[str, Any] = {"uid": uuid4(), "words": ["a", "ü"], "nothing": None}
        operation = ask(sql, number=2**40 + rows, rows=rows, **values)
        answer = await statement.run(operation)
        assert answer == await execute(connection, operation, "steve")
        assert len(answer) == rows
    assert answer[0][5] == datetime(2026, 11, 28, 10, tzinfo=UTC)


async def test_it_is_prepared_once(connection: Connection) -> None:
    operation = ask("select count(*) from pg_prepared_statements")
    statement = ready(connection, operation)
    assert [await statement.run(operation) for _ in range(3)] == [[(1,)]] * 3


async def test_an_answer_of_many_packets_is_read_to_its_end(dsn: str) -> None:
    operation = ask("select repeat(:a::text, 3000000)", a="ab")
    async with (
        Proxy(dsn).running() as proxy,
        await psycopg.AsyncConnection.connect(proxy.dsn, autocommit=True) as connection,
    ):
        assert await ready(connection, operation).run(operation) == [("ab" * 3_000_000,)]


async def test_a_question_of_many_packets_is_sent_to_its_end(dsn: str) -> None:
    operation = ask("select length(:a::text)", a="x" * 20_000_000)
    async with (
        Proxy(dsn).running() as proxy,
        await psycopg.AsyncConnection.connect(proxy.dsn, autocommit=True) as connection,
    ):
        assert await ready(connection, operation).run(operation) == [(20_000_000,)]


async def test_text_is_read_and_sent_in_the_encoding_of_the_connection(dsn: str) -> None:
    operation = ask("select :a::text", a="über")
    async with await psycopg.AsyncConnection.connect(
        dsn, autocommit=True, client_encoding="latin1"
    ) as connection:
        assert await ready(connection, operation).run(operation) == [("über",)]


async def test_an_error_is_raised_and_the_next_is_answered(connection: Connection) -> None:
    sql = "select 1 / :a::bigint"
    statement = ready(connection, ask(sql))
    for _ in range(2):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await statement.run(ask(sql, a=0))
        assert await statement.run(ask(sql, a=1)) == [(1,)]
    assert await execute(connection, ask("select 2"), "steve") == [(2,)]


async def test_what_cannot_be_prepared_says_so_each_time(connection: Connection) -> None:
    operation = ask("select a from coming")
    statement = ready(connection, operation)
    for _ in range(2):
        with pytest.raises(psycopg.errors.UndefinedTable):
            await statement.run(operation)
    await connection.execute("create table coming as select 1 as a")
    assert await statement.run(operation) == [(1,)]


@pytest.mark.parametrize("change", ["deallocate all", "alter table told alter a type bigint"])
async def test_a_statement_that_is_no_longer_what_it_was_spoils_its_connection(
    connection: Connection, change: str
) -> None:
    await connection.execute("create table told as select 1 as a")
    operation = ask("select a from told")
    statement = ready(connection, operation)
    await statement.run(operation)
    await connection.execute(change.encode())
    with pytest.raises(psycopg.Error) as caught:
        await statement.run(operation)
    assert is_connection_spoiled(caught.value)


async def test_a_backend_that_is_ended_meanwhile_is_an_error(
    dsn: str, connection: Connection
) -> None:
    operation = ask("select pg_sleep(60)::text")
    pid = connection.info.backend_pid
    waiting = asyncio.create_task(ready(connection, operation).run(operation))
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
        await eventually_async(lambda: sleeps(other, pid))
        await other.execute("select pg_terminate_backend(%s)", (pid,))
    with pytest.raises(psycopg.errors.AdminShutdown):
        await waiting
    with pytest.raises(psycopg.OperationalError):
        await ready(connection, operation).run(operation)


async def test_a_connection_that_breaks_meanwhile_is_an_error(dsn: str) -> None:
    operation = ask("select pg_sleep(60)::text")
    async with Proxy(dsn).running() as proxy:
        connection = await psycopg.AsyncConnection.connect(proxy.dsn, autocommit=True)
        waiting = asyncio.create_task(ready(connection, operation).run(operation))
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
            pid = connection.info.backend_pid
            await eventually_async(lambda: sleeps(other, pid))
    with pytest.raises(psycopg.OperationalError) as caught:
        await waiting
    assert is_connection_spoiled(caught.value)
    await connection.close()


async def test_nothing_is_called_back_once_it_was_given_up(connection: Connection) -> None:
    operation = ask("select pg_sleep(0.2)::text")
    waiting = asyncio.create_task(ready(connection, operation).run(operation))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    loop = asyncio.get_running_loop()
    assert not loop.remove_reader(connection.fileno())
    assert not loop.remove_writer(connection.fileno())
    await connection.close()


async def sleeps(other: Connection, pid: int) -> bool:
    """Whether that backend sleeps."""
    query = "select wait_event = 'PgSleep' from pg_stat_activity where pid = %s"
    return (await (await other.execute(query, (pid,))).fetchall()) == [(True,)]
