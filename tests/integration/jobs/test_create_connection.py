"""Creating within the caller's transaction, on any connection, whatever it is set up for."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from psycopg.rows import class_row, dict_row

from integration.jobs.conftest import Connection, Make
from integration.jobs.test_create import same
from steve import Jobs, OptionTypeError
from steve.core.uid import uuid7
from support.network import unused_port

COLOURS = ["async", "blocking"]


@asynccontextmanager
async def opened(dsn: str, colour: str, **options: Any) -> AsyncGenerator[Any, None]:
    """A connection that belongs to nobody else. Leaving the block rolls back."""
    if colour == "async":
        connection = await psycopg.AsyncConnection.connect(dsn, **options)
        yield connection
        await connection.close()
    else:
        connection = psycopg.Connection.connect(dsn, **options)
        yield connection
        connection.close()


async def call(function: Any, *arguments: Any) -> Any:
    answer = function(*arguments)
    return await answer if hasattr(answer, "__await__") else answer


async def count(connection: Connection) -> int:
    cursor = await connection.execute("select count(*) from steve.job")
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


async def make_jobs(jobs: Jobs, connection: Any, many: bool) -> list[Any]:
    if many:
        return await jobs.create_many([("t", {"n": n}) for n in range(1200)], connection=connection)
    return [(await jobs.create("t", {"a": 1}, tags=["x"], connection=connection)).uid]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
async def test_it_is_there_when_the_caller_commits_and_not_before(
    jobs: Jobs, shared_dsn: str, connection: Connection, colour: str, many: bool
) -> None:
    async with opened(shared_dsn, colour) as mine:
        uids = await make_jobs(jobs, mine, many)
        assert await count(connection) == 0
        assert mine.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        await call(mine.commit)
        assert await count(connection) == len(uids)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
async def test_it_is_not_there_when_the_caller_rolls_back(
    jobs: Jobs, shared_dsn: str, connection: Connection, colour: str, many: bool
) -> None:
    async with opened(shared_dsn, colour) as mine:
        await call(mine.execute, "create temporary table mine (x integer)")
        await make_jobs(jobs, mine, many)
        await call(mine.rollback)
        assert await count(connection) == 0


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
async def test_a_connection_in_autocommit_commits_at_once(
    jobs: Jobs, shared_dsn: str, connection: Connection, colour: str, many: bool
) -> None:
    async with opened(shared_dsn, colour, autocommit=True) as mine:
        uids = await make_jobs(jobs, mine, many)
        assert mine.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        assert await count(connection) == len(uids)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
async def test_a_block_of_the_caller_is_joined(
    jobs: Jobs, shared_dsn: str, connection: Connection, colour: str, many: bool
) -> None:
    async with opened(shared_dsn, colour, autocommit=True) as mine:
        block = mine.transaction()
        await call(block.__enter__ if colour == "blocking" else block.__aenter__)
        uids = await make_jobs(jobs, mine, many)
        assert await count(connection) == 0
        leave = block.__exit__ if colour == "blocking" else block.__aexit__
        await call(leave, None, None, None)
        assert await count(connection) == len(uids)


class Row:
    def __init__(self, **columns: Any) -> None:
        raise AssertionError("our own rows are none of the caller's business")


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
@pytest.mark.parametrize(
    "options",
    [{"row_factory": dict_row}, {"row_factory": class_row(Row)}, {"prepare_threshold": None}],
    ids=["dict", "class", "unprepared"],
)
async def test_how_the_connection_is_set_up_does_not_matter(
    jobs: Jobs,
    shared_dsn: str,
    connection: Connection,
    colour: str,
    many: bool,
    options: dict[str, Any],
) -> None:
    async with opened(shared_dsn, colour, **options) as mine:
        before = mine.row_factory, mine.cursor_factory, mine.autocommit
        uids = await make_jobs(jobs, mine, many)
        assert (mine.row_factory, mine.cursor_factory, mine.autocommit) == before
        await call(mine.commit)
        assert await count(connection) == len(uids)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
@pytest.mark.parametrize("cursor", ["raw", "client", "server"])
async def test_cursor_factories_do_not_matter(
    jobs: Jobs, shared_dsn: str, connection: Connection, colour: str, many: bool, cursor: str
) -> None:
    factories: dict[str, Any] = {
        "async raw": psycopg.AsyncRawCursor,
        "async client": psycopg.AsyncClientCursor,
        "blocking raw": psycopg.RawCursor,
        "blocking client": psycopg.ClientCursor,
    }
    async with opened(shared_dsn, colour) as mine:
        mine.cursor_factory = factories.get(f"{colour} {cursor}", mine.cursor_factory)
        uids = await make_jobs(jobs, mine, many)
        await call(mine.commit)
        assert await count(connection) == len(uids)


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
@pytest.mark.parametrize("autocommit", [False, True])
async def test_within_a_pipeline(
    jobs: Jobs, shared_dsn: str, connection: Connection, many: bool, autocommit: bool
) -> None:
    async with opened(shared_dsn, "async", autocommit=autocommit) as mine:
        async with mine.pipeline():
            await mine.execute("select 1")
            uids = await make_jobs(jobs, mine, many)
        await mine.commit()
    assert await count(connection) == len(uids)
    assert len(set(uids)) == len(uids)


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
async def test_within_a_pipeline_of_a_blocking_connection(
    jobs: Jobs, shared_dsn: str, connection: Connection, many: bool
) -> None:
    async with opened(shared_dsn, "blocking") as mine:
        with mine.pipeline():
            uids = await make_jobs(jobs, mine, many)
        mine.commit()
    assert await count(connection) == len(uids)


@pytest.mark.parametrize("colour", COLOURS)
async def test_a_bad_item_leaves_the_transaction_usable(
    jobs: Jobs, shared_dsn: str, connection: Connection, colour: str
) -> None:
    async with opened(shared_dsn, colour) as mine:
        await make_jobs(jobs, mine, many=False)
        items = [("t", {}) for _ in range(700)] + [("t", {"x": float("nan")})]
        with pytest.raises(ValueError, match="nan"):
            await jobs.create_many(items, connection=mine)
        await call(mine.commit)
        assert await count(connection) == 1


@pytest.mark.parametrize("colour", COLOURS)
async def test_the_job_is_complete(jobs: Jobs, shared_dsn: str, colour: str) -> None:
    async with opened(shared_dsn, colour, autocommit=True) as mine:
        job = await jobs.create("t", {"a": 1}, connection=mine, delay=5, meta={"m": 1})
        same(job, (await jobs.find(job.uid)).job)


async def test_other_search_paths_and_encodings(jobs: Jobs, shared_dsn: str) -> None:
    async with opened(shared_dsn, "async", autocommit=True) as mine:
        await mine.execute("set search_path to nowhere")
        await mine.execute("set client_encoding to latin1")
        await mine.execute("set timezone to 'Asia/Tokyo'")
        job = await jobs.create("t", {"ü": "é"}, connection=mine)
        (uid,) = await jobs.create_many([("t", {"ü": "é"})], connection=mine)
        assert job.created_at.utcoffset() is not None
    for one in (job.uid, uid):
        found = (await jobs.find(one)).job
        assert found is not None
        assert found.payload == {"ü": "é"}


async def test_what_is_no_connection_is_refused(make: Make, shared_dsn: str) -> None:
    jobs = make()
    for wrong in (shared_dsn, 3, object(), jobs):
        with pytest.raises(OptionTypeError, match="connection"):
            await jobs.create("t", connection=wrong)  # pyright: ignore[reportArgumentType]
        with pytest.raises(OptionTypeError, match="connection"):
            await jobs.create_many([("t", 1)], connection=wrong)  # pyright: ignore[reportArgumentType]


async def test_on_done_waits_for_the_commit(
    make: Make, shared_dsn: str, connection: Connection
) -> None:
    import asyncio

    jobs = make(poll_interval=0.1)
    called = asyncio.Event()
    async with opened(shared_dsn, "async") as mine:
        job = await jobs.create("t", connection=mine, on_done=lambda job: called.set())
        await asyncio.sleep(0.3)
        await mine.commit()
    await jobs.cancel(job.uid)
    async with asyncio.timeout(5):
        await called.wait()


async def test_without_a_database_of_its_own_nothing_is_possible(make: Make) -> None:
    """The manager has to know that the schema fits, so it connects itself, too."""
    jobs = make(f"host=127.0.0.1 port={unused_port()}", connect_timeout=0.2, migrate="never")
    with pytest.raises(Exception, match="port"):
        await jobs.find(uuid7())
