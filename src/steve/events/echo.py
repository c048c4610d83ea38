"""Whether notifications arrive, asked once."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import aclosing

from psycopg import AsyncConnection, sql

from steve.database.connect import connect
from steve.database.database import Database
from steve.database.session import profile_of
from steve.operations.query import notify

NAME = "steve echo"
_CHANNEL = "steve_echo"
"""One for all who ask: a backend behind a pooler goes on listening when we have left."""


async def hears_itself(
    database: Database, listen_db: str | None, *, timeout: float
) -> tuple[bool, bool]:
    """Listen as a manager does, and notify ourselves as everybody does.

    Returns whether that was heard within `timeout` seconds, and whether a pooler is in between.
    Raises ConnectionFailed, and what the database says to LISTEN.
    """
    if listen_db is None:
        connection = await database.connect(name=NAME, writable=False)
    else:
        connection = await connect(listen_db, name=NAME, timeout=database.connect_timeout)
    async with connection:
        token = uuid.uuid4().hex
        listen = sql.SQL("listen {}").format(sql.Identifier(_CHANNEL))
        await connection.execute(listen, prepare=False)
        # Not on this connection: a pooler may give it the same backend twice, and an echo would
        # prove nothing.
        await database.run(notify(_CHANNEL, token))
        try:
            async with asyncio.timeout(timeout):
                await _hear(connection, token)
        except TimeoutError:
            return False, profile_of(connection).pooled
        return True, profile_of(connection).pooled


async def _hear(connection: AsyncConnection[tuple[object, ...]], token: str) -> None:
    async with aclosing(connection.notifies()) as notes:
        async for note in notes:
            if note.payload == token:
                return
