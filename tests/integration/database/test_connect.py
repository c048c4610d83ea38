from __future__ import annotations

import asyncio
import threading
import traceback
from time import monotonic
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from steve.core.errors import ConnectionFailed, OptionError
from steve.database.connect import connect, connect_blocking, connect_patiently
from steve.database.session import profile_of
from support.network import HOST, Proxy, black_hole, mute_host, unused_port
from support.waiting import eventually, eventually_async

SECRET = "s3cr3t-word"


def at(port: int, **more: Any) -> str:
    return make_conninfo(host=HOST, port=port, dbname="db", user="me", password=SECRET, **more)


async def one(connection: psycopg.AsyncConnection[Any], sql: str) -> Any:
    row = await (await connection.execute(sql.encode())).fetchone()
    assert row is not None
    return row[0]


async def test_a_connection_of_ours(dsn: str) -> None:
    connection = await connect(dsn, name="steve worker ž 1", statement_timeout=7.5)
    async with connection:
        assert connection.autocommit
        assert not profile_of(connection).pooled
        assert await one(connection, "show statement_timeout") == "7500ms"
        assert (await one(connection, "show application_name")).startswith("steve worker")
        assert await one(connection, "show client_encoding") == "UTF8"
        found = {o.keyword: o.val for o in connection.pgconn.info}
        assert found[b"keepalives_idle"] == b"10"
        assert found[b"keepalives_interval"] == b"5"
        assert found[b"keepalives_count"] == b"3"
        assert found[b"tcp_user_timeout"] == b"10000"


async def test_what_the_dsn_says_stays(dsn: str) -> None:
    theirs = make_conninfo(dsn, keepalives_idle=77, connect_timeout=9, application_name="theirs")
    async with await connect(theirs, name="ours") as connection:
        found = {o.keyword: o.val for o in connection.pgconn.info}
        assert (found[b"keepalives_idle"], found[b"connect_timeout"]) == (b"77", b"9")
        assert await one(connection, "show application_name") == "ours"


async def test_autocommit_is_a_choice_and_timeouts_are_optional(dsn: str) -> None:
    async with await connect(dsn, name="x", autocommit=False) as connection:
        assert not connection.autocommit
        assert await one(connection, "show statement_timeout") == "0"
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS


def test_a_blocking_connection_of_ours(dsn: str) -> None:
    with connect_blocking(dsn, name="steve", statement_timeout=3) as connection:
        row = connection.execute("select current_setting('statement_timeout')").fetchone()
        assert row == ("3s",)
        assert connection.autocommit
        assert not profile_of(connection).pooled


async def test_behind_a_pooler_nothing_is_set_and_nothing_prepared(dsn: str) -> None:
    async with (
        Proxy(dsn, pose_as_pooler=True).running() as proxy,
        await connect(proxy.dsn, name="x", statement_timeout=3) as connection,
    ):
        assert profile_of(connection).pooled
        assert await one(connection, "show statement_timeout") == "0"
        for _ in range(10):
            await connection.execute("select 1", prepare=True)
        assert await one(connection, "select count(*) from pg_prepared_statements") == 0
        blocking = await asyncio.to_thread(
            connect_blocking, proxy.dsn, name="x", statement_timeout=3
        )
        assert profile_of(blocking).pooled
        blocking.close()


async def test_a_refusal_says_where_and_why() -> None:
    port = unused_port()
    with pytest.raises(ConnectionFailed) as caught:
        await connect(at(port), name="x")
    assert f"at {HOST}:{port}/db: " in str(caught.value)
    assert "refused" in str(caught.value)
    with pytest.raises(ConnectionFailed, match="refused"):
        connect_blocking(at(port), name="x")


async def test_a_refusal_of_several_hosts_names_each_once_in_one_line() -> None:
    ports = unused_port(), unused_port()
    several = f"postgresql://{HOST}:{ports[0]},{HOST}:{ports[1]}/db"
    with pytest.raises(ConnectionFailed) as caught:
        await connect(several, name="x")
    place, _, reasons = str(caught.value).partition("/db: ")
    assert place.endswith(f"{HOST}:{ports[0]},{HOST}:{ports[1]}")
    each = (
        f'connection to server at "{HOST}", port {port} failed: Connection refused'
        for port in ports
    )
    assert reasons == f"{'; '.join(each)}. Is PostgreSQL running there, and is that its port?"


@pytest.mark.parametrize(
    ("wrong", "words", "advice"),
    [
        ({"dbname": "nowhere"}, 'database "nowhere" does not exist', "createdb"),
        ({"user": "nobody"}, 'role "nobody" does not exist', "createuser"),
        ({"host": "nowhere.invalid", "hostaddr": ""}, "nowhere.invalid", "host's name"),
    ],
    ids=["database", "user", "host"],
)
async def test_what_is_wrong_is_named_and_what_to_do(
    dsn: str, wrong: dict[str, str], words: str, advice: str
) -> None:
    with pytest.raises(ConnectionFailed, match=words) as caught:
        await connect(make_conninfo(dsn, **wrong), name="x")
    assert advice in str(caught.value).partition(words)[2]


@pytest.mark.parametrize("where", [black_hole, mute_host])
async def test_the_deadline_holds_where_nobody_answers(where: Any) -> None:
    with where() as port:
        for attempt in (connect, connect_patiently):
            start = monotonic()
            with pytest.raises(ConnectionFailed, match="no answer within"):
                await attempt(at(port), name="x", timeout=0.3)
            assert monotonic() - start < 1.5
        start = monotonic()
        with pytest.raises(ConnectionFailed, match=r"no answer within 0\.3 s"):
            await asyncio.to_thread(connect_blocking, at(port), name="x", timeout=0.3)
        assert monotonic() - start < 1.5


async def test_the_deadline_holds_for_a_server_that_stops_in_the_middle(dsn: str) -> None:
    async with Proxy(dsn).running() as proxy:
        proxy.freeze()
        with pytest.raises(ConnectionFailed, match="no answer"):
            await connect(proxy.dsn, name="x", timeout=0.3)


async def test_a_late_blocking_connection_is_closed(dsn: str) -> None:
    async with Proxy(dsn).running() as proxy, await connect(dsn, name="watch") as watch:
        proxy.freeze()
        with pytest.raises(ConnectionFailed, match="no answer"):
            await asyncio.to_thread(connect_blocking, proxy.dsn, name="late one", timeout=0.2)
        proxy.thaw()
        await asyncio.to_thread(
            eventually,
            lambda: not any(t.name.startswith("late one") for t in threading.enumerate()),
        )
        late = "select count(*) from pg_stat_activity where application_name = 'late one'"

        async def gone() -> bool:
            return await one(watch, late) == 0

        await eventually_async(gone)


async def test_the_next_host_is_tried_after_a_black_hole(dsn: str) -> None:
    async with Proxy(dsn).running() as proxy:
        port = conninfo_to_dict(proxy.dsn)["port"]
        with black_hole() as dead:
            both = make_conninfo(proxy.dsn, host=f"{HOST},{HOST}", port=f"{dead},{port}")
            async with await connect(both, name="x", timeout=8.0) as connection:
                assert await one(connection, "select 1") == 1


async def test_patience_outlasts_a_server_that_is_not_there_yet(dsn: str) -> None:
    port = unused_port()
    late = make_conninfo(dsn, host=HOST, port=port, sslmode="disable")
    waiting = asyncio.create_task(connect_patiently(late, name="x", timeout=10))
    await asyncio.sleep(0.25)  # it has been refused by now, and more than once
    async with Proxy(dsn).running(port), await waiting as connection:
        assert await one(connection, "select 1") == 1


async def test_patience_ends_with_the_last_reason() -> None:
    port = unused_port()
    start = monotonic()
    with pytest.raises(ConnectionFailed, match=r"within 0\.5 s: .*refused"):
        await connect_patiently(at(port), name="x", timeout=0.5)
    assert 0.1 < monotonic() - start < 1.5


async def test_patience_does_not_wait_for_what_cannot_get_better(dsn: str) -> None:
    start = monotonic()
    with pytest.raises(ConnectionFailed, match="does not exist"):
        await connect_patiently(make_conninfo(dsn, dbname="nowhere"), name="x", timeout=20)
    assert monotonic() - start < 5


async def test_the_password_is_in_no_part_of_the_error() -> None:
    port = unused_port()
    seen: list[BaseException] = []
    for attempt in (connect, connect_patiently):
        with pytest.raises(ConnectionFailed) as caught:
            await attempt(at(port), name="x", timeout=0.3)
        seen.append(caught.value)
    with pytest.raises(ConnectionFailed) as failed:
        connect_blocking(at(port), name="x", timeout=0.3)
    with pytest.raises(OptionError) as option:
        await connect(f"postgresql://me:pa/{SECRET}@host/db", name="x")
    for error in (*seen, failed.value, option.value):
        assert error.__cause__ is None
        assert error.__context__ is None
        shown = "".join(traceback.format_exception(error)) + repr(error) + str(error.args)
        assert SECRET not in shown


async def test_a_cancelled_attempt_leaves_nothing(dsn: str) -> None:
    with mute_host() as port:
        task = asyncio.create_task(connect(at(port), name="x"))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
