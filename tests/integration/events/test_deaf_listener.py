"""A listening connection of which the other end is gone without a word."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from integration.events.test_listener import Heard, notify, working
from steve.events import notifications
from steve.events.listener import Listener
from support.network import Proxy
from support.waiting import eventually_async

if TYPE_CHECKING:
    import pytest

    from integration.events.test_listener import Connection
    from steve.database.database import Database
    from steve.telemetry.telemetry import Telemetry
    from support.events import Events


async def test_it_is_replaced_within_five_seconds(
    migrated_dsn: str,
    database: Database,
    connection: Connection,
    telemetry: Telemetry,
    events: Events,
) -> None:
    async with Proxy(migrated_dsn).running() as proxy:
        listener = Listener(database, telemetry, listen_db=proxy.dsn)
        heard = Heard()
        listener.subscribe(listener.channel("work"), heard)
        try:
            await listener.start()
            await working(listener)
            proxy.halve()
            async with asyncio.timeout(5.0):
                await heard.until("", count=2)
            await notify(connection, listener.channel("work"), "after")
            await heard.until("after")
        finally:
            await listener.stop()
    assert events.seen == []


async def test_asking_whether_the_server_is_there_takes_no_statement(
    migrated_dsn: str,
    database: Database,
    connection: Connection,
    telemetry: Telemetry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notifications, "ASK_EVERY", 0.05)

    async def last() -> Any:
        cursor = await connection.execute(
            "select query, query_start from pg_stat_activity"
            " where application_name = 'steve listener' and datname = current_database()"
        )
        return await cursor.fetchall()

    async with Proxy(migrated_dsn).running() as proxy:
        listener = Listener(database, telemetry, listen_db=proxy.dsn)
        try:
            await listener.start()
            await working(listener)
            before, turns = await last(), proxy.turns

            async def asked() -> bool:
                return proxy.turns >= turns + 10

            await eventually_async(asked)
            assert await last() == before
            assert len(before) == 1
        finally:
            await listener.stop()
