"""Keeps the worker's lease, from a thread and on a connection of its own.

A handler that blocks the event loop cannot lose the lease. What the thread finds out is told to
the loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from psycopg import Connection

from steve.core.pause import Pause
from steve.database.database import Database
from steve.database.execute import execute_blocking
from steve.database.session import profile_of
from steve.operations.worker import renew
from steve.worker.memory import resident_memory


class LeaseKeeper:
    """Renews every third of the lease, and says when that cannot be relied upon any more.

    `lease` is in seconds. The deadline counts from the start of the last good renewal, on the
    monotonic clock, and ends a margin early: before anybody else may take the jobs over.
    """

    def __init__(
        self,
        database: Database,
        worker: int,
        lease: float,
        granted_at: float,
        *,
        handlers: Callable[[], int],
        on_stop_request: Callable[[], None],
        on_dead: Callable[[], None],
        on_failure: Callable[[BaseException, float], None],
    ) -> None:
        self._database = database
        self._worker = worker
        self._lease = lease
        self._renewed_at = granted_at
        self._handlers = handlers
        self._on_stop_request = on_stop_request
        self._on_dead = on_dead
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._stopping = threading.Event()
        self._connection: Connection[Any] | None = None
        self._thread = threading.Thread(
            target=self._serve, name=f"steve lease {worker}", daemon=True
        )

    @property
    def deadline(self) -> float:
        """When, on the monotonic clock, the jobs may have to be thought of as lost."""
        return self._renewed_at + self._lease * 0.9

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    async def stop(self) -> None:
        """End the renewals; the lease runs out, or the worker retires."""
        self._stopping.set()
        await asyncio.to_thread(self._thread.join, 5.0)

    def _serve(self) -> None:
        # Without a lease nothing is claimed: a server that comes back must not be left to wait.
        pause = Pause(
            first=min(0.1, self._lease / 30), longest=min(max(self._lease / 10, 0.1), 1.0)
        )
        wait = self._lease / 3
        # Without the loop nothing runs any more: a lease that goes on would keep jobs from others.
        while not self._stopping.wait(wait) and not self._loop.is_closed():
            began = monotonic()
            try:
                asked_to_stop = self._renew()
            except Exception as error:
                self._disconnect()
                self._tell(self._on_failure, error, self.deadline - monotonic())
                wait = pause.next()
                continue
            if asked_to_stop is None:
                self._tell(self._on_dead)
                break
            self._renewed_at = began
            if asked_to_stop:
                self._tell(self._on_stop_request)
            pause.reset()
            wait = self._lease / 3
        self._disconnect()

    def _renew(self) -> bool | None:
        # No longer than a renewal may take before the next one is due.
        timeout = max(self._lease / 3, 0.5)
        if self._connection is None or self._connection.closed:
            self._connection = self._database.connect_blocking(
                name="steve worker lease", timeout=timeout, statement_timeout=timeout
            )
        prepare = None if profile_of(self._connection).pooled else True
        operation = renew(self._worker, self._handlers(), resident_memory())
        return execute_blocking(self._connection, operation, self._database.schema, prepare=prepare)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()

    def _tell(self, callback: Callable[..., None], *arguments: Any) -> None:
        # The loop may be closed: then nobody is left to be told.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, *arguments)
