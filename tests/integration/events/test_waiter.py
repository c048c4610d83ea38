"""Waiting for jobs: told at once, and found out in any case."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import pytest

from steve.core.errors import JobNotFound, SteveError
from steve.core.options import prepare
from steve.core.settings import Settings
from steve.core.uid import uuid7
from steve.database.database import Database
from steve.events import waiter as module
from steve.events.listener import Listener
from steve.events.waiter import Waiter
from steve.operations.control import cancel, delete
from steve.operations.create import create
from support.waiting import eventually_async

T = TypeVar("T")
Connection = psycopg.AsyncConnection[Any]


async def new(database: Database, type: str = "t") -> UUID:
    job = prepare(type, None, None, {}, Settings())
    await database.run(create([job]))
    return job.uid


async def soon(awaitable: Awaitable[T], seconds: float = 2.0) -> T:
    async with asyncio.timeout(seconds):
        return await awaitable


async def registered(connection: Connection, uid: UUID) -> bool:
    cursor = await connection.execute("select 1 from steve.sleeper where %s = any(uids)", (uid,))
    return await cursor.fetchone() is not None


async def until_registered(connection: Connection, *uids: UUID) -> None:
    for uid in uids:

        async def look(uid: UUID = uid) -> bool:
            return await registered(connection, uid)

        await eventually_async(look, what="a registration")


async def settled(connection: Connection, uid: UUID) -> None:
    """Wait until the early looks are over, so that only a notification can be quick."""
    await until_registered(connection, uid)
    await asyncio.sleep(0.5)


async def test_a_finished_job_is_returned_at_once(database: Database, waiter: Waiter) -> None:
    uid = await new(database)
    await database.run(cancel([uid]))
    job = await soon(waiter.wait(uid))
    assert (job.uid, job.status) == (uid, "cancelled")


async def test_a_notification_ends_the_wait(
    database: Database, waiter: Waiter, connection: Connection
) -> None:
    uid = await new(database)
    waiting = asyncio.create_task(waiter.wait(uid))
    await settled(connection, uid)
    began = monotonic()
    await database.run(cancel([uid]))
    assert (await soon(waiting)).status == "cancelled"
    assert monotonic() - began < 1


async def test_it_is_found_out_without_a_notification(
    migrated_dsn: str, database: Database, listener: Listener, connection: Connection
) -> None:
    waiter = Waiter(database, listener, poll_interval=0.2)
    uid = await new(database)
    waiting = asyncio.create_task(waiter.wait(uid))
    await settled(connection, uid)
    await connection.execute("delete from steve.sleeper")
    await database.run(cancel([uid]))
    assert (await soon(waiting)).status == "cancelled"
    await waiter.stop()


async def test_a_nudge_makes_it_look(
    database: Database, waiter: Waiter, connection: Connection
) -> None:
    uid = await new(database)
    waiting = asyncio.create_task(waiter.wait(uid))
    await settled(connection, uid)
    await connection.execute("delete from steve.sleeper")
    await database.run(cancel([uid]))
    waiter.nudge(uuid7())
    waiter.nudge(uid)
    await soon(waiting)


async def test_many_waits_are_one_statement_at_a_time(
    database: Database, waiter: Waiter, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    run = database.run

    async def counting(operation: Any) -> Any:
        if operation.name == "jobs/find":
            looks.append(len(operation.parameters["uids"]))
        return await run(operation)

    monkeypatch.setattr(database, "run", counting)
    uids = [await new(database) for _ in range(100)]
    waiting = [asyncio.create_task(waiter.wait(uid)) for uid in uids]
    await until_registered(connection, *uids)
    await database.run(cancel(uids))
    jobs = await soon(asyncio.gather(*waiting), 5)
    assert [job.uid for job in jobs] == uids
    assert looks[0] == 100
    assert len(looks) < 20


async def test_several_may_wait_for_the_same_job(database: Database, waiter: Waiter) -> None:
    uid = await new(database)
    waits = [asyncio.create_task(waiter.wait(uid)) for _ in range(3)]
    with pytest.raises(TimeoutError):
        await waiter.wait(uid, 0.05)
    await database.run(cancel([uid]))
    first, second, third = await soon(asyncio.gather(*waits))
    assert first.uid == second.uid == third.uid == uid
    assert first is not second


async def test_an_unknown_job_is_an_error_at_once(waiter: Waiter) -> None:
    uid = uuid7()
    with pytest.raises(JobNotFound) as caught:
        await soon(waiter.wait(uid))
    assert caught.value.uid == uid


async def test_a_job_that_is_deleted_meanwhile_is_an_error(
    database: Database, migrated_dsn: str, listener: Listener
) -> None:
    waiter = Waiter(database, listener, poll_interval=0.1)
    uid = await new(database)
    waiting = asyncio.create_task(waiter.wait(uid))
    await asyncio.sleep(0.05)
    await database.run(delete([uid]))
    with pytest.raises(JobNotFound):
        await soon(waiting)
    await waiter.stop()


@pytest.mark.parametrize("timeout", [0, 0.2])
async def test_a_wait_has_an_end(database: Database, waiter: Waiter, timeout: float) -> None:
    uid = await new(database)
    began = monotonic()
    with pytest.raises(TimeoutError, match=str(uid)):
        await waiter.wait(uid, timeout)
    assert monotonic() - began < timeout + 1


async def test_no_time_is_enough_for_what_is_known_already(
    database: Database, waiter: Waiter
) -> None:
    uid = await new(database)
    await database.run(cancel([uid]))
    assert (await waiter.wait(uid, 0)).status == "cancelled"
    with pytest.raises(JobNotFound):
        await waiter.wait(uuid7(), 0)


async def test_nothing_is_left_when_nobody_waits_any_more(
    database: Database, waiter: Waiter, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINGER", 0.1)
    uid = await new(database)
    waiting = asyncio.create_task(waiter.wait(uid))
    await until_registered(connection, uid)
    waiting.cancel()

    async def gone() -> bool:
        return not await registered(connection, uid) and vars(waiter)["_task"] is None

    await eventually_async(gone, what="the end of the registration")
    assert vars(waiter)["_awaited"] == {}
    # And it begins anew.
    again = asyncio.create_task(waiter.wait(uid))
    await until_registered(connection, uid)
    await database.run(cancel([uid]))
    await soon(again)


async def test_stopping_ends_the_waits_and_the_registration(
    database: Database, waiter: Waiter, connection: Connection
) -> None:
    uid = await new(database)
    waiting = asyncio.create_task(waiter.wait(uid))
    await until_registered(connection, uid)
    await waiter.stop()
    with pytest.raises(SteveError, match="closed"):
        await soon(waiting)
    assert not await registered(connection, uid)
    with pytest.raises(SteveError, match="closed"):
        await waiter.wait(uid)


async def test_a_wait_survives_the_loss_of_connections(
    database: Database, waiter: Waiter, connection: Connection
) -> None:
    uid = await new(database)
    waiting = asyncio.create_task(waiter.wait(uid))
    await until_registered(connection, uid)
    await connection.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await database.run(cancel([uid]))
    # It is told, or told that it may have missed something.
    assert (await soon(waiting, 5)).status == "cancelled"


async def test_a_missing_schema_is_an_error(
    database: Database, waiter: Waiter, connection: Connection
) -> None:
    await connection.execute("drop schema steve cascade")
    with pytest.raises(psycopg.errors.UndefinedTable):
        await soon(waiter.wait(uuid7()))


async def test_more_jobs_than_one_statement_takes(
    database: Database, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_AT_ONCE", 7)
    jobs = [prepare("t", None, None, {}, Settings()) for _ in range(30)]
    await database.run(create(jobs))
    waits = [asyncio.create_task(waiter.wait(job.uid)) for job in jobs]
    await asyncio.sleep(0)
    await database.run(cancel([job.uid for job in jobs]))
    done = await soon(asyncio.gather(*waits), 5)
    assert {job.uid for job in done} == {job.uid for job in jobs}
