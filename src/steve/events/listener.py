"""The one connection of a manager that LISTENs.

Notifications make things fast and nothing depends on them: whoever subscribes looks by himself,
too. So all trouble here is met by trying again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import random
import uuid
from collections.abc import Callable
from time import monotonic
from typing import Any, LiteralString, Protocol, cast

from psycopg import AsyncConnection, Notify

from steve.core.pause import Pause
from steve.database.connect import connect
from steve.database.database import Database
from steve.database.deadline import Deadline
from steve.database.session import are_shared, profile_of
from steve.events.ending import end
from steve.events.notifications import receive
from steve.operations.operation import Operation
from steve.operations.query import notify
from steve.sql import quoted
from steve.telemetry.catalogue import ListenRestored, ListenUnavailable
from steve.telemetry.telemetry import Telemetry

NAME = "steve listener"
PROBE_INTERVAL = 15.0
LONGEST_PROBE_INTERVAL = 300.0
"""Seconds between two notifications to ourselves, about: twice as many each time one was heard. The
server wakes all who listen for each, whomever it is for: of many workers, each would be woken all
the time by the others."""

ECHO_TIMEOUT = 5.0
"""Seconds in which such a notification has to come back."""

LONGEST_RECONNECT = 15.0
LONGEST_SILENCE = 120.0
"""Seconds between attempts at most: when there is no connection, when nothing is heard on it."""

_SILENT = (
    "a notification to ourselves did not come back within {seconds:g} s: behind a transaction "
    "pooler pass a direct connection string as listen_db"
)

logger = logging.getLogger("steve.events")


_SHARED = (
    "a transaction pooler is in between, which has no notifications: "
    "pass a direct connection string as listen_db"
)


class _Silent(Exception):
    """The connection is there, but notifications do not arrive on it."""


class Run(Protocol):
    """Runs an operation on some connection, but not on the listening one."""

    async def __call__(self, operation: Operation[None], /) -> None: ...


class Listener:
    """Passes notifications to callbacks by channel, on a connection that heals by itself.

    `listen_db` is a connection string for it where the database's own leads through a pooler.
    """

    def __init__(
        self, database: Database, telemetry: Telemetry, *, listen_db: str | None = None
    ) -> None:
        self._database = database
        self._telemetry = telemetry
        self._listen_db = listen_db
        self._salt = uuid.uuid4().hex
        self._callbacks: dict[str, Callable[[str], None]] = {}
        self._changed = asyncio.Event()
        self._echo = asyncio.Event()
        self._token = ""
        self.run: Run | None = None
        """Sends our notifications to ourselves where a worker has a connection to spare for it."""
        self._good_until: float | None = None
        self._told: set[bool] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def working(self) -> bool:
        """Whether notifications arrive, as far as can be known: one of our own did recently."""
        return self._good_until is not None and monotonic() < self._good_until

    def channel(self, suffix: str) -> str:
        """Return the name of a channel that no other manager and no other process has."""
        # The process is part of it: a fork has our salt.
        origin = f"{self._salt}:{os.getpid()}:{self._database.schema}"
        return f"steve_{hashlib.sha256(origin.encode()).hexdigest()[:12]}_{suffix}"

    def subscribe(self, channel: str, callback: Callable[[str], None]) -> None:
        """Call `callback`, on the loop, with the payload of each notification on `channel`.

        It is also called with an empty text each time that listening has begun: something may
        have been missed before.
        """
        self._callbacks[channel] = callback
        self._changed.set()

    def unsubscribe(self, channel: str) -> None:
        """Listen on `channel` no longer."""
        if self._callbacks.pop(channel, None) is not None:
            self._changed.set()

    async def start(self) -> None:
        """Begin to connect, and return at once. Starting again does nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name=NAME)

    async def stop(self) -> None:
        """Close the connection. Subscriptions stay for the next start."""
        task, self._task = self._task, None
        if task is not None:
            await end(task)
        self._good_until = None

    async def _serve(self) -> None:
        broken = Pause(0.1, LONGEST_RECONNECT)
        silent = Pause(2.0, LONGEST_SILENCE)
        while True:
            pause = broken
            worked = False
            try:
                connection = await self._connect()
                try:
                    await self._refuse_shared(connection)
                    await self._listen(connection)
                finally:
                    worked = self._good_until is not None
                    self._good_until = None
                    await connection.close()
            except _Silent as error:
                pause = silent
                self._report(error)
            except Exception as error:
                # A connection that worked is replaced at once and without a word.
                if not worked:
                    self._report(error)
            if worked:
                broken.reset()
                silent.reset()
            await asyncio.sleep(pause.next())

    async def _connect(self) -> AsyncConnection[Any]:
        if self._listen_db is None:
            return await self._database.connect(name=NAME)
        return await connect(self._listen_db, name=NAME, timeout=self._database.connect_timeout)

    async def _refuse_shared(self, connection: AsyncConnection[Any]) -> None:
        """Refuse a backend that is lent to others too: it would go on listening for us, and tell
        whomever it is lent to."""
        if profile_of(connection).pooled:
            async with await self._connect() as other:
                if await are_shared(connection, other):
                    raise _Silent(_SHARED)

    async def _listen(self, connection: AsyncConnection[Any]) -> None:
        """Serve one connection until it breaks or nothing is heard on it any more."""
        # From the beginning: some come along with the answers to LISTEN.
        connection.add_notify_handler(self._received)
        listened: set[str] = set()
        probing: asyncio.Task[None] | None = None
        try:
            while True:
                self._changed.clear()
                await self._synchronise(connection, listened)
                if probing is None:
                    probing = asyncio.create_task(self._probe())
                await self._receive(connection, probing)
        finally:
            if probing is not None:
                await end(probing)

    async def _synchronise(self, connection: AsyncConnection[Any], listened: set[str]) -> None:
        """LISTEN to what has been subscribed to, and to nothing else."""
        wanted = {*self._callbacks, self.channel("echo")}
        with Deadline(connection, ECHO_TIMEOUT):
            for channel in listened - wanted:
                await connection.execute(_command("UNLISTEN", channel), prepare=False)
                listened.discard(channel)
            for channel in wanted - listened:
                await connection.execute(_command("LISTEN", channel), prepare=False)
                listened.add(channel)
                self._pass(channel, "")

    async def _receive(self, connection: AsyncConnection[Any], probing: asyncio.Task[None]) -> None:
        """Pass notifications on until the channels change. Raises what ends the connection."""
        reading = asyncio.create_task(receive(connection))
        changing = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait({reading, changing, probing}, return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, probing):
                if task.done():
                    task.result()
        finally:
            await end(changing)
            await end(reading)

    def _received(self, note: Notify) -> None:
        if note.payload == self._token and note.channel == self.channel("echo"):
            self._echo.set()
        else:
            self._pass(note.channel, note.payload)

    async def _probe(self) -> None:
        """Notify ourselves again and again; raises when that is not heard."""
        interval = PROBE_INTERVAL
        while True:
            heard = await self._hear_ourselves()
            if heard:
                self._good_until = monotonic() + interval * 1.5 + ECHO_TIMEOUT
                self._report(None)
            await asyncio.sleep(interval * random.uniform(0.8, 1.2))  # noqa: S311
            if heard:
                interval = min(interval * 2, LONGEST_PROBE_INTERVAL)

    async def _hear_ourselves(self) -> bool:
        """Notify ourselves; returns whether that was sent, and raises when it is not heard."""
        self._token = uuid.uuid4().hex
        self._echo.clear()
        if not await self._notify(self._token):
            return False
        try:
            async with asyncio.timeout(ECHO_TIMEOUT):
                await self._echo.wait()
        except TimeoutError:
            raise _Silent(_SILENT.format(seconds=ECHO_TIMEOUT)) from None
        return True

    async def _notify(self, token: str) -> bool:
        """Send a notification the way that everybody does; returns whether it was sent.

        Not on the listening connection: a pooler may give that one the same backend twice, and an
        echo would prove nothing.
        """
        try:
            await (self.run or self._database.run)(notify(self.channel("echo"), token))
        except Exception:
            # That the database is not there says nothing about listening.
            logger.debug("could not send a notification to ourselves", exc_info=True)
            return False
        return True

    def _pass(self, channel: str, payload: str) -> None:
        callback = self._callbacks.get(channel)
        if callback is not None:
            try:
                callback(payload)
            except Exception:
                logger.exception("the receiver of notifications on %s failed", channel)

    def _report(self, trouble: Exception | None) -> None:
        """Say, once, that notifications do not arrive, or that they do again."""
        silent = isinstance(trouble, _Silent)
        if trouble is None:
            if self._told:
                self._telemetry.emit(ListenRestored())
            self._told.clear()
        elif silent not in self._told and (silent or not self._told):
            # What can be helped is told also where lost connections have been.
            self._told.add(silent)
            reason = str(trouble) if silent else f"{type(trouble).__name__}: {trouble}".strip()
            self._telemetry.emit(ListenUnavailable(reason))


def _command(verb: LiteralString, channel: str) -> LiteralString:
    return cast("LiteralString", f"{verb} {quoted(channel)}")
