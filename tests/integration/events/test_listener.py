"""The connection that listens, and how it heals."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

import psycopg
import pytest

from steve.database.database import Database
from steve.events import listener as module
from steve.events.listener import Listener
from steve.operations.operation import Operation
from steve.telemetry.catalogue import ListenRestored, ListenUnavailable
from steve.telemetry.telemetry import Telemetry
from support.events import Events
from support.network import Proxy, unused_port
from support.waiting import eventually_async

Connection = psycopg.AsyncConnection[Any]


class Heard:
    """What a channel brought."""

    def __init__(self) -> None:
        self.payloads: list[str] = []
        self._more = asyncio.Event()

    def __call__(self, payload: str) -> None:
        self.payloads.append(payload)
        self._more.set()

    async def until(self, payload: str, *, count: int = 1) -> None:
        async with asyncio.timeout(10):
            while self.payloads.count(payload) < count:
                self._more.clear()
                await self._more.wait()


async def notify(connection: Connection, channel: str, payload: str) -> None:
    await connection.execute("select pg_notify(%s, %s)", (channel, payload))


async def working(listener: Listener) -> None:
    async def look() -> bool:
        return listener.working

    await eventually_async(look, what="an echo")


async def listeners(connection: Connection) -> list[int]:
    cursor = await connection.execute(
        "select pid from pg_stat_activity"
        " where application_name = 'steve listener' and datname = current_database()"
    )
    return [pid for (pid,) in await cursor.fetchall()]


async def test_notifications_reach_their_channel(
    listener: Listener, connection: Connection
) -> None:
    heard, other = Heard(), Heard()
    listener.subscribe(listener.channel("work"), heard)
    listener.subscribe(listener.channel("other"), other)
    await listener.start()
    await heard.until("")
    await notify(connection, listener.channel("work"), "one")
    await heard.until("one")
    assert "one" not in other.payloads


async def test_starting_does_not_wait_and_can_be_repeated(
    listener: Listener, connection: Connection
) -> None:
    async with asyncio.timeout(0.5):
        await listener.start()
        await listener.start()
    await working(listener)
    assert len(await listeners(connection)) == 1


async def test_a_channel_can_be_added_and_taken_away_later(
    listener: Listener, connection: Connection
) -> None:
    first, second = Heard(), Heard()
    listener.subscribe(listener.channel("first"), first)
    await listener.start()
    await first.until("")
    listener.subscribe(listener.channel("second"), second)
    await second.until("")
    await notify(connection, listener.channel("first"), "a")
    await notify(connection, listener.channel("second"), "b")
    await first.until("a")
    await second.until("b")
    listener.unsubscribe(listener.channel("first"))
    await notify(connection, listener.channel("first"), "c")
    await notify(connection, listener.channel("second"), "d")
    await second.until("d")
    assert "c" not in first.payloads


async def test_a_lost_connection_is_replaced_without_a_word(
    listener: Listener, connection: Connection, events: Events
) -> None:
    heard = Heard()
    listener.subscribe(listener.channel("work"), heard)
    await listener.start()
    await working(listener)
    for pid in await listeners(connection):
        await connection.execute("select pg_terminate_backend(%s)", (pid,))
    # Something may have been missed: it says so.
    await heard.until("", count=2)
    await notify(connection, listener.channel("work"), "after")
    await heard.until("after")
    assert events.seen == []


async def test_no_notifications_through_a_pooler_are_noticed(
    migrated_dsn: str,
    database: Database,
    connection: Connection,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
    telemetry: Telemetry,
) -> None:
    """What a transaction pooler does to LISTEN: it is accepted, and nothing ever comes."""
    monkeypatch.setattr(module, "ECHO_TIMEOUT", 0.3)
    monkeypatch.setattr(module, "LONGEST_SILENCE", 0.3)
    monkeypatch.setattr(module, "PROBE_INTERVAL", 0.2)
    async with Proxy(migrated_dsn).running() as proxy:
        listener = Listener(database, telemetry, listen_db=proxy.dsn)
        heard = Heard()
        listener.subscribe(listener.channel("work"), heard)
        try:
            await listener.start()
            await working(listener)
            proxy.freeze()
            event = await events.wait(ListenUnavailable)
            assert "listen_db" in event.reason
            assert not listener.working
            proxy.thaw()
            await events.wait(ListenRestored)
            assert listener.working
            await heard.until("", count=2)
        finally:
            proxy.thaw()
            await listener.stop()
    assert len(events.of(ListenUnavailable)) == 1


async def test_it_notifies_itself_less_and_less_often(
    listener: Listener, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its notifications wakes the listeners of all other workers, too."""
    monkeypatch.setattr(module, "PROBE_INTERVAL", 0.1)
    sent = 0

    async def send(operation: Operation[None]) -> None:
        nonlocal sent
        sent += 1
        await database.run(operation)

    listener.run = send
    await listener.start()
    await working(listener)
    await asyncio.sleep(2)
    # At 0, 0.1, 0.3, 0.7 and 1.5 s, or a fifth sooner; it would be twenty.
    assert 3 <= sent <= 6
    assert listener.working


async def test_a_database_that_is_not_there_is_reported_once(
    database: Database, telemetry: Telemetry, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_RECONNECT", 0.2)
    listener = Listener(
        database, telemetry, listen_db=f"host=127.0.0.1 port={unused_port()} password=hidden"
    )
    await listener.start()
    try:
        event = await events.wait(ListenUnavailable)
        await asyncio.sleep(0.5)
    finally:
        await listener.stop()
    assert len(events.seen) == 1
    assert "hidden" not in event.reason


async def test_listening_elsewhere(
    migrated_dsn: str, database: Database, telemetry: Telemetry, connection: Connection
) -> None:
    """listen_db has to be the same database: the probe goes the way of all notifications."""
    heard = Heard()
    listener = Listener(database, telemetry, listen_db=migrated_dsn)
    listener.subscribe(listener.channel("work"), heard)
    await listener.start()
    try:
        await working(listener)
        await notify(connection, listener.channel("work"), "direct")
        await heard.until("direct")
    finally:
        await listener.stop()


async def test_it_stops_for_good_and_may_start_again(
    listener: Listener, connection: Connection
) -> None:
    heard = Heard()
    listener.subscribe(listener.channel("work"), heard)
    await listener.start()
    await working(listener)
    await listener.stop()
    assert not listener.working

    async def gone() -> bool:
        return not await listeners(connection)

    await eventually_async(gone)
    await listener.stop()
    await listener.start()
    await notify(connection, listener.channel("work"), "lost")
    await heard.until("", count=2)
    await notify(connection, listener.channel("work"), "heard")
    await heard.until("heard")


async def test_a_receiver_that_raises_is_logged(
    listener: Listener, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()

    def broken(payload: str) -> None:
        heard(payload)
        raise ValueError("bad receiver")

    listener.subscribe(listener.channel("work"), broken)
    with caplog.at_level(logging.ERROR, "steve.events"):
        await listener.start()
        await heard.until("")
        await notify(connection, listener.channel("work"), "still heard")
        await heard.until("still heard")
    assert len(caplog.records) == 2


async def test_channels_are_unlike_in_managers_schemas_and_processes(
    database: Database, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = Listener(database, telemetry), Listener(database, telemetry)
    names = {one.channel("work"), two.channel("work"), one.channel("waiter")}
    assert one.channel("work") == one.channel("work")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    names.add(one.channel("work"))
    assert len(names) == 4
    assert all(len(name.encode()) <= 63 for name in names)


async def test_any_characters_in_a_channel(listener: Listener, connection: Connection) -> None:
    heard = Heard()
    listener.subscribe('odd "name"; -- ü', heard)
    await listener.start()
    await heard.until("")
    await notify(connection, 'odd "name"; -- ü', "x")
    await heard.until("x")
