from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import psycopg_pool
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow, dict_row

from steve.database.pool import checkout, dsn_of, open_pool
from steve.database.session import Profile, profile_of
from support.network import HOST, Proxy, unused_port
from support.waiting import eventually_async

Connection = psycopg.AsyncConnection[TupleRow]


async def sessions(connection: Connection, name: str) -> int:
    cursor = await connection.execute(
        "select count(*) from pg_stat_activity where application_name = %s", [name]
    )
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


async def end_sessions(connection: Connection, name: str) -> None:
    await connection.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = %s",
        [name],
    )


async def test_it_connects_only_when_somebody_needs_it(dsn: str, connection: Connection) -> None:
    async with await open_pool(dsn, name="pool under test") as pool:
        assert await sessions(connection, "pool under test") == 0
        async with checkout(pool, 5) as taken:
            assert taken.autocommit
            assert await sessions(connection, "pool under test") == 1


async def test_its_connections_are_set_up(dsn: str) -> None:
    async with (
        await open_pool(dsn, name="x", statement_timeout=4) as pool,
        checkout(pool, 5) as taken,
    ):
        cursor = await taken.execute("select current_setting('statement_timeout')")
        assert await cursor.fetchone() == ("4s",)
        assert profile_of(taken) == Profile(pooled=False)


async def test_it_is_no_larger_than_allowed(dsn: str) -> None:
    async with await open_pool(dsn, name="x", max_size=1) as pool, checkout(pool, 5):
        with pytest.raises(psycopg_pool.PoolTimeout):
            async with checkout(pool, 0.1):
                pass


async def test_connections_that_died_meanwhile_are_not_given_out(
    dsn: str, connection: Connection
) -> None:
    async with await open_pool(dsn, name="mortal") as pool:
        gate = asyncio.Barrier(5)

        async def use() -> None:
            async with checkout(pool, 5):
                await gate.wait()

        await asyncio.gather(*(use() for _ in range(5)))
        await end_sessions(connection, "mortal")
        async with asyncio.timeout(2):
            async with checkout(pool, 5) as taken:
                await taken.execute("select 1")


async def test_it_recovers_soon_after_the_server(dsn: str) -> None:
    proxy, port = Proxy(dsn), unused_port()
    async with await open_pool(elsewhere(dsn, port), name="x", timeout=10) as pool:
        waiting = asyncio.create_task(pool_answers(pool))
        # Long enough that a doubling backoff would have grown beyond what follows.
        await asyncio.sleep(3.2)
        async with proxy.running(port), asyncio.timeout(2.5):
            assert await waiting == (1,)


def elsewhere(dsn: str, port: int) -> str:
    return make_conninfo(dsn, host=HOST, port=port, sslmode="disable")


async def pool_answers(pool: psycopg_pool.AsyncConnectionPool[Any]) -> Any:
    async with checkout(pool, 10) as taken:
        return await (await taken.execute("select 1")).fetchone()


async def test_a_block_commits_or_rolls_back_on_a_callers_pool(
    dsn: str, connection: Connection
) -> None:
    await connection.execute("create table t (a int)")
    async with psycopg_pool.AsyncConnectionPool(dsn, min_size=1, open=False) as pool:
        async with checkout(pool, 5) as taken:
            await taken.execute("insert into t values (1)")

        async def fail() -> None:
            async with checkout(pool, 5) as taken:
                await taken.execute("insert into t values (2)")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        cursor = await connection.execute("select array_agg(a) from t")
        assert await cursor.fetchone() == ([1],)


async def test_a_checkout_that_is_cancelled_loses_no_connection(dsn: str) -> None:
    async with await open_pool(dsn, name="x", max_size=1) as pool:
        async with checkout(pool, 5):
            waiting = asyncio.create_task(pool_answers(pool))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert await pool_answers(pool) == (1,)

        async def free() -> bool:
            return pool.get_stats()["pool_available"] == 1

        await eventually_async(free)


async def test_the_dsn_of_a_pool_holds_its_arguments(dsn: str) -> None:
    async def password() -> dict[str, Any]:
        return {"password": "x", "connect_timeout": 7, "autocommit": True, "row_factory": dict_row}

    for kwargs in (await password(), password):
        pool = psycopg_pool.AsyncConnectionPool(lambda: dsn, kwargs=kwargs, open=False)
        found = conninfo_to_dict(await dsn_of(pool))
        assert found == {**conninfo_to_dict(dsn), "password": "x", "connect_timeout": "7"}
