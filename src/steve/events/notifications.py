"""Notifications as they arrive, for as long as the server is there to send them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from psycopg import AsyncConnection, AsyncPipeline, Notify

from steve.database.deadline import Deadline

ASK_EVERY = 1.5
"""Seconds after which the server is asked whether it is there."""

PATIENCE = 2.0
"""Seconds in which it answers what takes no time."""


async def notifications(connection: AsyncConnection[Any]) -> AsyncGenerator[Notify, None]:
    """Yield them; raises psycopg.OperationalError when the server has gone, with a word or without.

    A connection of which the other end is gone looks like one on which nothing happens.
    """
    while True:
        async with aclosing(connection.notifies(timeout=ASK_EVERY)) as notes:
            async for note in notes:
                yield note
        await ping(connection)


async def ping(connection: AsyncConnection[Any]) -> None:
    """Let the server answer. Raises psycopg.OperationalError when it does not."""
    with Deadline(connection, PATIENCE):
        if AsyncPipeline.is_supported():
            # Its end is a message of the protocol, neither a statement nor a transaction.
            async with connection.pipeline():
                pass
        else:
            await connection.execute("")
