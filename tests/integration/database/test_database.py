from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

import psycopg
import psycopg_pool
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from steve.core.errors import ConnectionFailed, OptionError
from steve.database.database import Database
from steve.database.session import Profile
from support.network import HOST, Proxy, unused_port
from support.statements import ask, ask_again

Connection = psycopg.AsyncConnection[TupleRow]

pytestmark = pytest.mark.usefixtures("own_statements")


@pytest.fixture
async def failing(connection: Connection) -> Connection:
    """Makes `nextval('steve.tries')` count attempts, which survives what is rolled back."""
    await connection.execute("create schema steve")
    await connection.execute("create sequence steve.tries")
    await connection.execute(
        """create function steve.fail(state text, failures int) returns bigint
        language plpgsql as $$
        declare attempt bigint := nextval('steve.tries');
        begin
            if attempt > failures then return attempt; end if;
            if state = '57P01' then perform pg_terminate_backend(pg_backend_pid()); end if;
            raise exception 'attempt %', attempt using errcode = state;
        end $$"""
    )
    return connection


FAIL = "select steve.fail(:state::text, :failures::int)"


async def test_operations_run(database: Database) -> None:
    assert await database.run(ask("select :a::int", a=5)) == [(5,)]
    assert await database.run_together([ask("select 1"), ask("select 2")]) == [[(1,)], [(2,)]]


async def test_statements_are_prepared_on_connections_of_ours(database: Database) -> None:
    prepared = ask("select count(*) from pg_prepared_statements")
    assert await database.run(prepared) == [(1,)]


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("state", ["57P01", "53300", "55P03"])
async def test_what_passes_is_tried_again_if_it_may_be_repeated(
    database: Database, state: str
) -> None:
    assert await database.run(ask_again(FAIL, state=state, failures=3)) == [(4,)]


@pytest.mark.usefixtures("failing")
async def test_it_gives_up_after_a_few_attempts(database: Database) -> None:
    with pytest.raises(psycopg.errors.TooManyConnections, match="attempt 4"):
        await database.run(ask_again(FAIL, state="53300", failures=9))


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("state", ["57P01", "53300", "55P03"])
async def test_what_may_not_be_repeated_is_not(database: Database, state: str) -> None:
    with pytest.raises(psycopg.Error):
        await database.run(ask(FAIL, state=state, failures=1))
    assert await database.run(ask("select last_value from steve.tries")) == [(1,)]


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_what_was_surely_rolled_back_is_tried_again_anyway(
    database: Database, state: str
) -> None:
    assert await database.run(ask(FAIL, state=state, failures=2)) == [(3,)]


@pytest.mark.usefixtures("failing")
async def test_what_does_not_pass_is_raised_at_once(database: Database) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero, match="attempt 1"):
        await database.run(ask_again(FAIL, state="22012", failures=1))


@pytest.mark.usefixtures("failing")
async def test_together_is_repeated_only_as_a_whole(database: Database) -> None:
    with pytest.raises(psycopg.Error):
        await database.run_together([ask_again(FAIL, state="53300", failures=1), ask("select 1")])
    again = [ask_again(FAIL, state="53300", failures=2), ask_again("select 1")]
    assert await database.run_together(again) == [[(3,)], [(1,)]]


async def test_a_read_only_server_is_left_with_all_connections(database: Database) -> None:
    pids: set[int] = set()
    for _ in range(3):
        [(pid,)] = await database.run(ask("select pg_backend_pid()"))
        pids.add(pid)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await database.run_together(
                [ask("set transaction read only"), ask("create table t ()")]
            )
    assert len(pids) == 3


async def test_a_frozen_server_does_not_hold_a_statement_for_ever(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steve.database.database.MARGIN", 0.1)
    async with Proxy(dsn).running() as proxy:
        database = Database(proxy.dsn, statement_timeout=0.2)
        await database.run(ask("select 1"))
        proxy.freeze()
        start = monotonic()
        with pytest.raises(psycopg.OperationalError, match="no answer"):
            await database.run(ask("select 1"))
        assert monotonic() - start < 2
        proxy.thaw()
        assert await database.run(ask("select 1")) == [(1,)]
        await database.close()


async def test_a_database_that_is_not_there(dsn: str) -> None:
    port = unused_port()
    database = Database(
        make_conninfo(dsn, host=HOST, port=port, password="s3cr3t"), connect_timeout=0.5
    )
    with pytest.raises(ConnectionFailed, match=rf"{HOST}:{port}/.*refused") as caught:
        await database.run(ask("select 1"))
    assert caught.value.__context__ is None
    for attempt in (
        database.connect(name="x"),
        asyncio.to_thread(database.connect_blocking, name="x"),
    ):
        with pytest.raises(ConnectionFailed, match="refused"):
            await attempt
    assert "s3cr3t" not in repr(database)
    await database.close()


async def test_a_pool_that_is_all_in_use_says_so(dsn: str) -> None:
    database = Database(dsn, connect_timeout=0.3, max_connections=1)
    async with database.connection():
        with pytest.raises(ConnectionFailed, match="all 1 of the pool 'steve' are in use"):
            await database.run(ask("select 1"))
    await database.close()


async def test_an_unreadable_dsn_is_refused_at_once() -> None:
    with pytest.raises(OptionError):
        Database("mysql://host/db")


async def test_connections_of_ones_own(dsn: str, database: Database) -> None:
    async with await database.connect(name="steve worker 1") as connection:
        cursor = await connection.execute(
            "select current_setting('application_name'), current_setting('statement_timeout')"
        )
        assert await cursor.fetchone() == ("steve worker 1", "30s")
    blocking = await asyncio.to_thread(database.connect_blocking, name="steve worker 2")
    assert blocking.execute("select 1").fetchone() == (1,)
    blocking.close()


async def test_the_profile_is_found_out(dsn: str, database: Database) -> None:
    assert database.profile is None
    assert await database.detect() == Profile(pooled=False)
    async with Proxy(dsn, pose_as_pooler=True).running() as proxy:
        pooled = Database(proxy.dsn)
        await pooled.run(ask("select 1"))
        assert pooled.profile == Profile(pooled=True)
        assert await pooled.run(ask("select count(*) from pg_prepared_statements")) == [(0,)]
        await pooled.close()


async def test_it_opens_again_after_closing(database: Database) -> None:
    await database.close()
    await database.run(ask("select 1"))
    await database.close()
    assert await database.run(ask("select 1")) == [(1,)]
    assert await asyncio.gather(*(database.run(ask("select 1")) for _ in range(20)))


def test_it_serves_one_event_loop_after_another(dsn: str) -> None:
    database = Database(dsn)

    async def work() -> Any:
        try:
            return await database.run(ask("select 1"))
        finally:
            await database.close()

    assert asyncio.run(work()) == asyncio.run(work()) == [(1,)]


async def test_a_callers_pool_is_used_and_left_open(dsn: str) -> None:
    async with psycopg_pool.AsyncConnectionPool(
        dsn, kwargs={"application_name": "theirs", "prepare_threshold": 9}, min_size=1, open=False
    ) as pool:
        database = Database(pool)
        assert await database.run(ask("select current_setting('application_name')")) == [
            ("theirs",)
        ]
        await database.run(ask("create table t ()"))
        assert await database.run(ask("select count(*) from pg_prepared_statements")) == [(0,)]
        assert await database.detect() == Profile(pooled=False)
        async with database.connection() as connection:
            assert connection.prepare_threshold == 9
        async with await database.connect(name="steve worker") as connection:
            cursor = await connection.execute("select current_setting('application_name')")
            assert await cursor.fetchone() == ("steve worker",)
        blocking = await asyncio.to_thread(database.connect_blocking, name="steve lease")
        blocking.close()
        await database.close()
        assert not pool.closed
        assert await database.run(ask("select 1")) == [(1,)]


async def test_a_callers_pool_that_is_closed_says_what_to_do(dsn: str) -> None:
    database = Database(psycopg_pool.AsyncConnectionPool(dsn, name="theirs", open=False))
    with pytest.raises(ConnectionFailed, match=r"'theirs' is not open: await pool\.open"):
        await database.run(ask("select 1"))


async def test_an_error_within_a_block_is_the_callers(database: Database) -> None:
    with pytest.raises(psycopg_pool.PoolTimeout, match="mine"):
        async with database.connection():
            raise psycopg_pool.PoolTimeout("mine")
