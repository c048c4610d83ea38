"""Notifications as they arrive, for as long as the server is there to send them."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncPipeline

from steve.database.deadline import Deadline

ASK_EVERY = 1.5
"""Seconds after which the server is asked whether it is there."""

PATIENCE = 2.0
"""Seconds in which it answers what takes no time."""


async def receive(connection: AsyncConnection[Any]) -> None:
    """Let the connection's notify handlers have them as soon as they can be read, for ever.

    Raises psycopg.OperationalError when the server has gone, with a word or without: a connection
    of which the other end is gone looks like one on which nothing happens.
    """
    while True:
        await _read(connection, ASK_EVERY)
        await ping(connection)


async def _read(connection: AsyncConnection[Any], seconds: float) -> None:
    """Read for so long. The loop calls back right from its look at the sockets: a task that waits
    would be woken a turn or two later."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[psycopg.Error] = loop.create_future()
    socket = connection.fileno()

    def read() -> None:
        try:
            _take(connection)
        except psycopg.Error as error:
            if not over.done():
                over.set_result(error)

    loop.add_reader(socket, read)
    # Some may have been received, though not looked at, behind the last answer.
    read()
    try:
        async with asyncio.timeout(seconds):
            raise await over
    except TimeoutError:
        return
    finally:
        loop.remove_reader(socket)


def _take(connection: AsyncConnection[Any]) -> None:
    pgconn = connection.pgconn
    pgconn.consume_input()
    while note := pgconn.notifies():
        if pgconn.notify_handler is not None:
            pgconn.notify_handler(note)


async def ping(connection: AsyncConnection[Any]) -> None:
    """Let the server answer. Raises psycopg.OperationalError when it does not."""
    with Deadline(connection, PATIENCE):
        if AsyncPipeline.is_supported():
            # Its end is a message of the protocol, neither a statement nor a transaction.
            async with connection.pipeline():
                pass
        else:
            await connection.execute("")
