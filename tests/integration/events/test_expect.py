"""Callbacks for single jobs: called once, wherever the job ends, and given up in the end."""

from __future__ import annotations

import asyncio
import logging

import psycopg
import pytest

from integration.events.test_waiter import Connection, new, soon, until_registered
from steve.core.errors import JobNotFound
from steve.core.job import Job
from steve.core.options import prepare
from steve.core.settings import Settings
from steve.core.uid import uuid7
from steve.database.database import Database
from steve.events import waiter as module
from steve.events.listener import Listener
from steve.events.waiter import Waiter
from steve.operations.control import cancel
from support.waiting import eventually_async


class Expected:
    """A callback that can be waited for."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.called = asyncio.Event()

    def __call__(self, job: Job) -> None:
        self.jobs.append(job)
        self.called.set()


async def test_a_callback_gets_the_finished_job_once(
    database: Database, waiter: Waiter, connection: Connection
) -> None:
    uid = await new(database)
    expected = Expected()
    waiter.expect(uid, expected)
    await until_registered(connection, uid)
    await database.run(cancel([uid]))
    await soon(expected.called.wait())
    waiter.nudge(uid)
    assert [(job.uid, job.status) for job in expected.jobs] == [(uid, "cancelled")]


async def test_a_coroutine_function_is_awaited(database: Database, waiter: Waiter) -> None:
    uid = await new(database)
    await database.run(cancel([uid]))
    called = asyncio.Event()

    async def callback(job: Job) -> None:
        await asyncio.sleep(0)
        called.set()

    waiter.expect(uid, callback)
    await soon(called.wait())


async def test_a_callback_may_be_for_a_job_whose_transaction_is_still_open(
    database: Database, migrated_dsn: str, listener: Listener
) -> None:
    waiter = Waiter(database, listener, poll_interval=0.1)
    job = prepare("t", None, None, {}, Settings())
    expected = Expected()
    async with await psycopg.AsyncConnection.connect(migrated_dsn) as creator:
        await creator.execute("insert into steve.job (uid, type) values (%s, 't')", (job.uid,))
        waiter.expect(job.uid, expected)
        # For somebody who waits it does not exist yet, and nothing changes for the callback.
        with pytest.raises(JobNotFound):
            await waiter.wait(job.uid)
    await database.run(cancel([job.uid]))
    await soon(expected.called.wait())
    await waiter.stop()


async def test_a_job_that_never_comes_is_given_up(
    database: Database,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "UNKNOWN_SECONDS", 0.2)
    waiter = Waiter(database, listener, poll_interval=0.1)
    with caplog.at_level(logging.WARNING, "steve.events"):
        waiter.expect(uuid7(), Expected())

        async def given_up() -> bool:
            return not vars(waiter)["_awaited"]

        await eventually_async(given_up)
    assert "not committed" in caplog.text
    await waiter.stop()


async def test_callbacks_do_not_fill_the_memory(
    database: Database,
    waiter: Waiter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "MOST_EXPECTED", 3)
    uids = [await new(database) for _ in range(5)]
    expected = Expected()
    with caplog.at_level(logging.WARNING, "steve.events"):
        for uid in uids:
            waiter.expect(uid, expected)
    assert "given up" in caplog.text
    await database.run(cancel(uids))
    waiter.nudge(uids[4])

    async def all_called() -> bool:
        return len(expected.jobs) == 3

    await eventually_async(all_called)
    assert {job.uid for job in expected.jobs} == set(uids[2:])
