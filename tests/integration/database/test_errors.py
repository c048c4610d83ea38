"""What errors mean, told from real ones wherever PostgreSQL can be brought to raise them."""

from __future__ import annotations

from typing import Any

import psycopg
import psycopg_pool
import pytest
from psycopg.rows import TupleRow

from steve.core.errors import ConnectionFailed
from steve.database.errors import (
    is_connection_lost,
    is_connection_spoiled,
    is_data_error,
    is_missing_partition,
    is_rolled_back,
    is_schema_missing,
    is_transient,
)

Connection = psycopg.AsyncConnection[TupleRow]

QUESTIONS = {
    "transient": is_transient,
    "lost": is_connection_lost,
    "spoiled": is_connection_spoiled,
    "rolled_back": is_rolled_back,
    "data": is_data_error,
    "no_partition": is_missing_partition,
    "no_schema": is_schema_missing,
}


def answers(error: BaseException) -> set[str]:
    return {name for name, question in QUESTIONS.items() if question(error)}


async def error_of(connection: Connection, sql: str, *values: Any) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as caught:
        await connection.execute(sql.encode(), values or None)
    return caught.value


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1/0", {"data"}),
        ("select '\"\\u0000\"'::jsonb", {"data"}),
        ("insert into checked values (-1)", {"data"}),
        ("insert into checked values (1), (1)", {"data"}),
        ("insert into parts values ('2020-01-01')", {"no_partition"}),
        ("select * from nowhere.job", {"no_schema"}),
        ("select nowhere.now()", {"no_schema"}),
        ("select * from missing", {"no_schema"}),
        ("select missing()", set[str]()),
        ("selekt", set[str]()),
        ("set local statement_timeout = 1; select pg_sleep(1)", {"transient"}),
        ("set transaction read only; create table no ()", {"transient", "spoiled"}),
        ("select pg_terminate_backend(pg_backend_pid())", {"transient", "lost", "spoiled"}),
        (
            "do $$ begin raise exception using errcode = '40P01'; end $$",
            {"transient", "rolled_back"},
        ),
        ("do $$ begin raise exception using errcode = '40003'; end $$", {"transient"}),
        ("do $$ begin raise exception using errcode = '53300'; end $$", {"transient"}),
        ("do $$ begin raise exception using errcode = '55P03'; end $$", {"transient"}),
        (
            "do $$ begin raise exception using errcode = '57P03'; end $$",
            {"transient", "lost", "spoiled"},
        ),
        (
            "do $$ begin raise exception using errcode = '08006'; end $$",
            {"transient", "lost", "spoiled"},
        ),
        ("do $$ begin raise exception using errcode = '54000'; end $$", {"data"}),
        ("do $$ begin raise exception using errcode = '0A000'; end $$", set[str]()),
    ],
)
async def test_an_error_of_the_server(connection: Connection, sql: str, expected: set[str]) -> None:
    await connection.execute("create table checked (a int primary key check (a > 0))")
    await connection.execute("create table parts (at date) partition by range (at)")
    assert answers(await error_of(connection, sql)) == expected


async def test_values_that_do_not_even_leave(connection: Connection) -> None:
    assert answers(await error_of(connection, "select %s::text", "a\0b")) == {"data"}
    with pytest.raises(UnicodeError) as caught:
        await connection.execute("select %s::text", ["\ud800"])
    assert answers(caught.value) == {"data"}


async def test_a_plan_that_outlived_a_change_spoils_its_connection(
    connection: Connection, dsn: str
) -> None:
    await connection.execute("create table t (a int)")
    await connection.execute("select * from t", prepare=True)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
        await other.execute("alter table t add b int")
    with pytest.raises(psycopg.errors.FeatureNotSupported) as caught:
        await connection.execute("select * from t", prepare=True)
    assert answers(caught.value) == {"transient", "spoiled"}


async def test_a_closed_connection_is_lost(connection: Connection) -> None:
    await connection.close()
    assert answers(await error_of(connection, "select 1")) == {"transient", "lost", "spoiled"}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionFailed("no"), {"transient"}),
        (ConnectionResetError(), {"transient", "lost", "spoiled"}),
        (TimeoutError(), {"transient"}),
        (psycopg_pool.PoolTimeout(), {"transient"}),
        (psycopg_pool.PoolClosed(), set[str]()),
        (ValueError(), set[str]()),
    ],
)
def test_errors_from_this_side(error: BaseException, expected: set[str]) -> None:
    assert answers(error) == expected
