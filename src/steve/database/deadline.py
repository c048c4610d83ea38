"""An end to waiting for an answer that does not come.

Cancelling is not enough: it asks the server to stop and waits for it to say so, which a server
that is frozen, or behind a dead network, never does. Here the connection is cut, and whoever
waits on it gets an error at once.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any

import psycopg
from psycopg import AsyncConnection, Connection


def cut(connection: AsyncConnection[Any] | Connection[Any]) -> None:
    """End the conversation on `connection`, from any thread; it is of no use afterwards."""
    # Closing the descriptor would leave it to be reused under the feet of those who wait on it.
    with suppress(OSError, psycopg.Error):
        handle = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        try:
            handle.shutdown(socket.SHUT_RDWR)
        finally:
            handle.close()


class Deadline:
    """Cuts an async connection when the block takes longer than `seconds`.

    The statement that waits then raises psycopg.OperationalError.
    """

    def __init__(self, connection: AsyncConnection[Any], seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._passed = False

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds, self._cut)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _explain(error, self._passed, self._seconds)

    def _cut(self) -> None:
        self._passed = True
        cut(self._connection)


class BlockingDeadline:
    """Does as `Deadline` does for a blocking connection, by a thread for each block."""

    def __init__(self, connection: Connection[Any], seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._passed = False

    def __enter__(self) -> None:
        self._timer = threading.Timer(self._seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _explain(error, self._passed, self._seconds)

    def _cut(self) -> None:
        self._passed = True
        cut(self._connection)


def _explain(error: BaseException | None, passed: bool, seconds: float) -> None:
    if passed and isinstance(error, psycopg.OperationalError):
        raise psycopg.OperationalError(
            f"no answer from the database within {seconds:g} s: the connection was cut"
        ) from error
