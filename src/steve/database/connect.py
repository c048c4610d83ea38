"""Opening connections that notice when the other side is gone.

Every connection of steve's own has a name, TCP keepalives, and a deadline for its opening that
holds for hosts that swallow packets too. Where nothing is in between, its session also gets a
statement timeout and prepared statements; behind a transaction pooler a session is not ours to
change, and statements are not kept.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from time import monotonic
from typing import TypeAlias

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from steve.database.dsn import effective, host_count, normalised
from steve.database.refusal import NO_WRITES, Refusal, no_answer, refusal
from steve.database.session import is_read_only, settle, settle_blocking

KEEPALIVES = {
    "keepalives": "1",
    "keepalives_idle": "10",  # seconds
    "keepalives_interval": "5",  # seconds
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",  # milliseconds
}
"""A peer that vanished is noticed after 25 s of silence, or 10 s after something was sent."""

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 1.0
"""Seconds between attempts, doubled each time."""

SHORTEST = 0.2
"""Seconds that an attempt gets at least: none at all would hide what the last one met."""

Opened: TypeAlias = AsyncConnection[TupleRow] | Refusal
OpenedBlocking: TypeAlias = Connection[TupleRow] | Refusal


async def connect(
    dsn: str,
    *,
    name: str,
    timeout: float = 10.0,
    autocommit: bool = True,
    statement_timeout: float | None = None,
) -> AsyncConnection[TupleRow]:
    """Open a connection, with `name` as its application_name, in at most `timeout` seconds.

    `statement_timeout`, in seconds, is set for the session unless a pooler is in between.

    Raises:
        ConnectionFailed: with host, port and database, never with the password.
        OptionError: `dsn` is no connection string.
    """
    opened = await _open(dsn, name, timeout, statement_timeout)
    if isinstance(opened, Refusal):
        raise opened.error(dsn)
    if not autocommit:
        await opened.set_autocommit(False)
    return opened


async def connect_patiently(
    dsn: str,
    *,
    name: str,
    timeout: float = 10.0,
    autocommit: bool = True,
    statement_timeout: float | None = None,
    writable: bool = False,
    missed: Callable[[str], None] = lambda reason: None,
) -> AsyncConnection[TupleRow]:
    """Do as `connect` does, but try again until `timeout` while the server is not there yet.

    If `writable`, a server that takes no writes counts as not there. `missed` is told why each
    attempt failed. What waiting does not mend, such as a wrong password, is raised at once.
    """
    end = monotonic() + timeout
    pause = FIRST_PAUSE
    while True:
        left = max(end - monotonic(), 0.001)
        opened = await _open(dsn, name, left, statement_timeout, writable=writable)
        if not isinstance(opened, Refusal):
            if not autocommit:
                await opened.set_autocommit(False)
            return opened
        wait = pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients, hides nothing
        if opened.permanent or monotonic() + wait + SHORTEST >= end:
            raise opened.error(dsn, after=timeout)
        missed(opened.reason)
        await asyncio.sleep(wait)
        pause = min(pause * 2, LONGEST_PAUSE)


def connect_blocking(
    dsn: str,
    *,
    name: str,
    timeout: float = 10.0,
    autocommit: bool = True,
    statement_timeout: float | None = None,
    writable: bool = False,
) -> Connection[TupleRow]:
    """Do as `connect` does, for threads; if `writable`, refuse a server that takes no writes."""
    answer: Future[OpenedBlocking] = Future()

    def work() -> None:
        try:
            opened = _open_blocking(dsn, name, timeout, statement_timeout, writable=writable)
        except BaseException as error:
            with suppress(Exception):
                answer.set_exception(error)
            return
        if answer.set_running_or_notify_cancel():
            answer.set_result(opened)
        elif not isinstance(opened, Refusal):
            opened.close()

    # In a thread of its own, because a name server that is silent holds up getaddrinfo for
    # longer than anybody asked for.
    threading.Thread(target=work, name=f"{name} connecting", daemon=True).start()
    try:
        opened = answer.result(timeout)
    except FutureTimeout:
        opened = no_answer(timeout) if answer.cancel() else answer.result()
    except BaseException:
        answer.cancel()
        raise
    if isinstance(opened, Refusal):
        raise opened.error(dsn)
    opened.autocommit = autocommit
    return opened


def described(dsn: str, name: str, timeout: float) -> str:
    """Return `dsn` with what all our connections have; what it says itself stays."""
    dsn = normalised(dsn)
    given = effective(dsn) or {}
    # Time for the next host, or the next address of a host, after one that does not answer.
    share = max(2, int(timeout / (host_count(dsn) + 1)))
    defaults = {"connect_timeout": str(share), **KEEPALIVES}
    ours = {key: value for key, value in defaults.items() if key not in given}
    return make_conninfo(dsn, **ours, application_name=name, client_encoding="utf8")


async def _open(
    dsn: str, name: str, timeout: float, statement_timeout: float | None, *, writable: bool = False
) -> Opened:
    # A refusal is returned and not raised: an exception would carry psycopg's along as context.
    conninfo = described(dsn, name, timeout)
    connection: AsyncConnection[TupleRow] | None = None
    try:
        async with asyncio.timeout(timeout):
            connection = await AsyncConnection.connect(conninfo, autocommit=True)
            await settle(connection, statement_timeout)
        if not (writable and is_read_only(connection)):
            return connection
        found = NO_WRITES
    except TimeoutError:
        found = no_answer(timeout)
    except (psycopg.Error, OSError, UnicodeError) as error:
        found = refusal(error, dsn)
    except BaseException:
        if connection is not None:
            await connection.close()
        raise
    if connection is not None:
        await connection.close()
    return found


def _open_blocking(
    dsn: str, name: str, timeout: float, statement_timeout: float | None, *, writable: bool
) -> OpenedBlocking:
    conninfo = described(dsn, name, timeout)
    connection: Connection[TupleRow] | None = None
    try:
        connection = Connection.connect(conninfo, autocommit=True)
        settle_blocking(connection, statement_timeout)
    except (psycopg.Error, OSError, UnicodeError) as error:
        if connection is not None:
            connection.close()
        return refusal(error, dsn)
    if writable and is_read_only(connection):
        connection.close()
        return NO_WRITES
    return connection
