"""Beginning on a database that may not be there yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import psycopg

from steve.core.errors import SchemaError, SteveError
from steve.core.pause import Pause
from steve.database.connect import FIRST_PAUSE, LONGEST_PAUSE
from steve.database.database import Database
from steve.database.dsn import location
from steve.database.errors import is_away
from steve.database.refusal import no_answer, refusal

T = TypeVar("T")


async def until_there(database: Database, work: Callable[[], Awaitable[T]]) -> T:
    """Do `work`, and begin it anew while the server starts, stops, fails or is read-only.

    Nothing is begun anew when `connect_timeout` has passed. Raises ConnectionFailed then, and at
    once what waiting does not mend.
    """
    dsn = await database.dsn()
    end = monotonic() + database.connect_timeout
    pause = Pause(FIRST_PAUSE, LONGEST_PAUSE)
    while True:
        try:
            answer = await work()
        except (psycopg.Error, OSError, SchemaError) as error:
            seconds = pause.next()
            late = monotonic() + seconds >= end
            if not is_away(error) or (late and isinstance(error, SteveError)):
                raise
            silent = isinstance(error, TimeoutError)
            found = no_answer(database.connect_timeout) if silent else refusal(error, dsn)
        else:
            database.presence.reached()
            return answer
        if late:
            # Not within the block above: psycopg's error, with what it shows, would come along.
            raise found.error(dsn, after=database.connect_timeout)
        database.presence.missed(location(dsn), found.reason)
        await asyncio.sleep(seconds)
