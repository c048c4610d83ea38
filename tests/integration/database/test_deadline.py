from __future__ import annotations

from time import monotonic

import psycopg
import pytest

from steve.database.connect import connect, connect_blocking
from steve.database.deadline import BlockingDeadline, Deadline, cut
from support.network import Proxy


async def test_in_time_nothing_happens(dsn: str) -> None:
    async with await connect(dsn, name="x") as connection:
        with Deadline(connection, 5):
            await connection.execute("select 1")
        await connection.execute("select 1")


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "slow"])
async def test_a_statement_without_an_answer_ends(dsn: str, frozen: bool) -> None:
    async with Proxy(dsn).running() as proxy:
        connection = await connect(proxy.dsn, name="x")
        if frozen:
            proxy.freeze()
        start = monotonic()
        with (
            pytest.raises(psycopg.OperationalError, match=r"within 0\.2 s: the connection was cut"),
            Deadline(connection, 0.2),
        ):
            await connection.execute("select pg_sleep(30)")
        assert monotonic() - start < 2
        assert connection.closed


async def test_other_errors_pass(dsn: str) -> None:
    async with await connect(dsn, name="x") as connection:
        with pytest.raises(psycopg.errors.DivisionByZero), Deadline(connection, 5):
            await connection.execute("select 1/0")
        with pytest.raises(ValueError, match="mine"), Deadline(connection, 5):
            raise ValueError("mine")


def test_a_blocking_statement_without_an_answer_ends(dsn: str) -> None:
    connection = connect_blocking(dsn, name="x")
    with BlockingDeadline(connection, 5):
        connection.execute("select 1")
    start = monotonic()
    with (
        pytest.raises(psycopg.OperationalError, match="the connection was cut"),
        BlockingDeadline(connection, 0.2),
    ):
        connection.execute("select pg_sleep(30)")
    assert monotonic() - start < 2


def test_a_closed_connection_can_be_cut(dsn: str) -> None:
    connection = connect_blocking(dsn, name="x")
    connection.close()
    cut(connection)
