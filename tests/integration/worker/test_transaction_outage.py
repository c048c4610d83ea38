"""`job.transaction()` on a database that lets nobody in, or takes no writes."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from support.network import Proxy, unused_port

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from steve.core.job import Job
    from support.workers import Bench

INSERT = "insert into public.effect values (%s)"


@pytest.fixture
async def table(own_bench: Bench) -> None:
    """A table of the application."""
    await own_bench.sql("create table public.effect (uid uuid)")


@asynccontextmanager
async def set_database(
    bench: Bench, server_dsn: str, on: str, off: str
) -> AsyncGenerator[None, None]:
    """Change the test's database for new sessions, as long as the block runs."""
    ((name,),) = await bench.sql("select current_database()")
    async with await psycopg.AsyncConnection.connect(server_dsn, autocommit=True) as outside:
        await outside.execute(f'alter database "{name}" {on}')  # pyright: ignore
        try:
            yield
        finally:
            await outside.execute(f'alter database "{name}" {off}')  # pyright: ignore


@pytest.mark.parametrize("blocking", [False, True], ids=["async", "def"])
async def test_it_waits_for_a_server_that_takes_writes(
    own_bench: Bench, table: None, server_dsn: str, blocking: bool
) -> None:
    begin = threading.Event()

    async def writes(job: Job) -> None:
        await asyncio.to_thread(begin.wait)
        async with job.transaction() as connection:
            await connection.execute(INSERT, (job.uid,))

    def writes_blocking(job: Job) -> None:
        begin.wait()
        with job.transaction() as connection:
            connection.execute(INSERT, (job.uid,))

    station = await own_bench.worker(
        {"t": writes_blocking if blocking else writes}, dsn=own_bench.dsn
    )
    station.worker._database.connect_timeout = 15.0
    uid = await own_bench.create()
    await station.started(uid)
    setting = "default_transaction_read_only"
    async with set_database(own_bench, server_dsn, f"set {setting} = on", f"reset {setting}"):
        begin.set()
        await asyncio.sleep(1.5)
        assert (await own_bench.find(uid)).status == "running"
    job = await station.over(uid, within=15.0)
    assert (job.status, job.attempts) == ("completed", 1)


async def test_an_outage_leaves_no_pause_behind(own_bench: Bench, table: None) -> None:
    """However long the pool has tried in vain, the next handler is served at once."""

    async def writes(job: Job) -> None:
        async with job.transaction() as connection:
            await connection.execute(INSERT, (job.uid,))

    proxy, port = Proxy(own_bench.dsn), unused_port()
    station = await own_bench.worker({"t": writes})
    station.worker._transactions._dsn = make_conninfo(
        own_bench.dsn, host="127.0.0.1", port=port, sslmode="disable"
    )
    uid = await own_bench.create(max_attempts=1)
    assert (await station.over(uid)).status == "failed"
    # Attempts at doubling distances would now leave some seconds until the next one.
    await asyncio.sleep(2.0)
    async with proxy.running(port):
        uid = await own_bench.create(max_attempts=1)
        assert (await station.over(uid)).status == "completed"
        await station.stop()
