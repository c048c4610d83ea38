"""What values look like when they come back, and what is left of them on the connection."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from steve.database.execute import execute, execute_blocking
from support.statements import ask

Connection = psycopg.AsyncConnection[TupleRow]

pytestmark = pytest.mark.usefixtures("own_statements")

UID = UUID("0192f0c1-2345-7abc-8def-0123456789ab")
NOON = datetime(2026, 7, 1, 12, 0, 0, 123456, UTC)

VALUES: list[tuple[str, Any]] = [
    ("smallint", -5),
    ("integer", 2**31 - 1),
    ("bigint", -(2**63)),
    ("double precision", 0.1),
    ("real", 0.5),
    ("boolean", True),
    ("text", "žluťoučký kůň 🐎"),
    ("text", ""),
    ("uuid", UID),
    ("numeric", Decimal("12345678901234567890.000010")),
    ("interval", timedelta(days=-1, seconds=3, microseconds=4)),
    ("timestamptz", NOON),
    ("bigint[]", [1, None, 2**40]),
    ("integer[]", [1, 2]),
    ("smallint[]", []),
    ("text[]", ["a", None, "", 'quo"te', "NULL", "back\\slash", "ž"]),
    ("text[]", [None, None]),
    ("uuid[]", [UID, UID]),
    ("timestamptz[]", [NOON, None]),
    ("double precision[]", [1.5, None]),
    ("boolean[]", [True, False]),
    ("jsonb", b'{"a": [1, 2.50, "\xc5\xbe", null]}'),
    ("json", b'{"b":1,"a" : "\xc5\xbe"}'),
    ("jsonb[]", [b"[]", None, b'"\xc5\xbe"']),
    ("text", None),
    ("timestamptz", None),
    ("jsonb", None),
]


@pytest.mark.parametrize(("kind", "value"), VALUES)
async def test_a_value_comes_back_as_it_went(connection: Connection, kind: str, value: Any) -> None:
    for prepare in (False, True):
        rows = await execute(connection, ask(f"select :v::{kind}", v=value), "s", prepare=prepare)
        assert rows == [(value,)]
        assert type(rows[0][0]) is type(value)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York", "-07:30"])
async def test_times_are_in_utc_whatever_the_session_says(
    connection: Connection, zone: str
) -> None:
    await connection.execute("select set_config('timezone', %s, false)", [zone])
    sent = NOON.astimezone(timezone(timedelta(hours=5)))
    [(time, times)] = await execute(
        connection, ask("select :t::timestamptz, array[:t::timestamptz]", t=sent), "steve"
    )
    assert time == NOON
    assert time.tzinfo is UTC
    assert times[0].tzinfo is UTC


def test_times_are_in_utc_on_blocking_connections_too(dsn: str) -> None:
    with psycopg.connect(dsn, options="-c timezone=Asia/Tokyo") as connection:
        [(time,)] = execute_blocking(connection, ask("select now()"), "steve")
        assert time.tzinfo is UTC


async def test_json_in_another_encoding_comes_and_goes_as_utf8(connection: Connection) -> None:
    await connection.execute("set client_encoding = latin1")
    value = '{"a": "é"}'.encode()
    operation = ask("select :v::jsonb, length(:v::jsonb ->> 'a'), array[:v::jsonb]", v=value)
    assert await execute(connection, operation, "steve") == [(value, 1, [value])]


async def test_the_callers_adapters_are_neither_used_nor_changed(connection: Connection) -> None:
    set_json_loads(lambda text: "theirs", connection)
    assert await execute(connection, ask("select '{}'::jsonb"), "steve") == [(b"{}",)]
    cursor = await connection.execute("select '{}'::jsonb, %s::bytea", [b"\x00"])
    assert await cursor.fetchone() == ("theirs", b"\x00")


async def test_numbers_have_one_type_whatever_their_size(connection: Connection) -> None:
    for number in (1, 100_000, 2**40):
        await execute(connection, ask("select :n::bigint", n=number), "steve", prepare=True)
    rows = await execute(
        connection,
        ask("select count(*) from pg_prepared_statements where statement ~ 'bigint'"),
        "s",
    )
    assert rows == [(1,)]
