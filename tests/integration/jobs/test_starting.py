"""Starting on a database that is not there yet, or goes away in that moment."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from psycopg import conninfo, sql

from integration.jobs.conftest import Connection, Make
from steve import ConnectionFailed
from support.cutting import CuttingProxy
from support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import Callable

LOOKING_AT_THE_SCHEMA = b"pg_attribute"
REGISTERING = b"concurrency, lease"


def said(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if text in record.getMessage()]


@pytest.mark.parametrize("request_", [LOOKING_AT_THE_SCHEMA, REGISTERING])
@pytest.mark.parametrize("lose", [CuttingProxy.lose_request, CuttingProxy.lose_answer])
async def test_a_server_that_goes_away_meanwhile_is_waited_for(
    make: Make,
    shared_dsn: str,
    request_: bytes,
    lose: Callable[[CuttingProxy, bytes], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with CuttingProxy(shared_dsn).running() as proxy:
        lose(proxy, request_)
        jobs = make(proxy.dsn)
        with caplog.at_level(logging.INFO, "steve"):
            await jobs.start()
        assert proxy.acted.is_set()
        assert jobs.ready()
        (line,) = said(caplog, "waiting for the database")
        assert "127.0.0.1" in line
        assert len(said(caplog, "the database is there")) == 1
        await jobs.close()


@pytest.mark.parametrize("request_", [LOOKING_AT_THE_SCHEMA, REGISTERING])
async def test_a_server_that_stays_away_is_given_up_in_time(
    make: Make, shared_dsn: str, request_: bytes
) -> None:
    async with CuttingProxy(shared_dsn).running() as proxy:
        proxy.lose_request(request_)
        jobs = make(proxy.dsn, connect_timeout=0.5)
        starting = asyncio.create_task(jobs.start())
        await proxy.acted.wait()
        proxy.refuse()
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionFailed, match=r"within 0\.5 s"):
                await starting
        assert not jobs.ready()


@pytest.mark.parametrize("schema", ["steve", "fresh"])
async def test_a_server_that_takes_no_writes_is_waited_for(
    make: Make,
    shared_dsn: str,
    connection: Connection,
    caplog: pytest.LogCaptureFixture,
    schema: str,
) -> None:
    name = sql.Identifier(str(conninfo.conninfo_to_dict(shared_dsn)["dbname"]))
    caplog.set_level(logging.INFO, "steve")
    setting = sql.SQL("alter database {} {} default_transaction_read_only {}")
    jobs = make(shared_dsn, connect_timeout=20.0, schema=schema)
    await connection.execute(setting.format(name, sql.SQL("set"), sql.SQL("= on")))
    try:
        starting = asyncio.create_task(jobs.start())

        async def waits() -> bool:
            return bool(said(caplog, "waiting for the database"))

        await eventually_async(waits)
        await asyncio.sleep(0.5)
        assert not starting.done()
    finally:
        await connection.execute("set default_transaction_read_only = off")
        await connection.execute(setting.format(name, sql.SQL("reset"), sql.SQL("")))
    await starting
    assert jobs.ready()
    (line,) = said(caplog, "waiting for the database")
    assert "read-only" in line
    assert len(said(caplog, "the database is there")) == 1
    await jobs.close()
    await connection.execute("drop schema if exists fresh cascade")
