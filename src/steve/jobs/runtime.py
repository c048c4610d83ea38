"""What an open manager holds: the database, and what listens and waits on it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import AsyncConnection

from steve.core.errors import EmbeddedUnavailable
from steve.core.settings import Settings
from steve.database.database import Database
from steve.database.dsn import find_dsn, location
from steve.database.migrate import check, migrate
from steve.events.calls import Calls
from steve.events.listener import Listener
from steve.events.waiter import Waiter
from steve.telemetry import log
from steve.telemetry.telemetry import Telemetry

if TYPE_CHECKING:
    from steve.database.embedded import EmbeddedServer

NAME = "steve"
"""The application_name of a manager's connections."""

logger = logging.getLogger("steve")


@dataclass(frozen=True, slots=True, eq=False)
class Runtime:
    """The parts of an open manager. They belong to the event loop that opened it."""

    database: Database
    listener: Listener
    waiter: Waiter
    embedded: EmbeddedServer | None
    loop: asyncio.AbstractEventLoop
    end_log: Callable[[], None]

    @classmethod
    async def open(cls, settings: Settings, telemetry: Telemetry, calls: Calls) -> Runtime:
        """Find the database, connect to it, and see that its schema fits.

        Raises `ConnectionFailed`, `SchemaError` and `EmbeddedUnavailable`.
        """
        async with AsyncExitStack() as undo:
            database, embedded = await _find(settings)
            if embedded is not None:
                undo.callback(embedded.close)
            undo.push_async_callback(database.close)
            await _prepare(database, settings)
            listener = Listener(database, telemetry, listen_db=settings.listen_db)
            waiter = Waiter(
                database, listener, poll_interval=settings.poll_interval, calls=calls
            )
            undo.pop_all()
        return cls(
            database,
            listener,
            waiter,
            embedded,
            asyncio.get_running_loop(),
            log.subscribe(telemetry),
        )

    async def close(self) -> None:
        """Give everything back; a caller's pool stays open."""
        await self.waiter.stop()
        await self.listener.stop()
        await self.database.close()
        self.abandon()

    def abandon(self) -> None:
        """Give back what can be given back when the event loop is gone."""
        if self.embedded is not None:
            self.embedded.close()
        self.end_log()


async def _find(settings: Settings) -> tuple[Database, EmbeddedServer | None]:
    """Take the database from where the settings or the environment say, and log which it is."""
    if settings.db is not None and not isinstance(settings.db, str):
        logger.info("using the database of the pool %r", settings.db.name)
        return _made(settings.db, settings), None
    source = find_dsn(settings.db)
    if source.dsn is not None:
        logger.info("using the database %s (from %s)", location(source.dsn), source.origin)
        return _made(source.dsn, settings), None
    refuse_embedded(os.environ)
    # Few programs need it, and finding the binaries takes time.
    from steve.database.embedded import start

    server = await start()
    logger.info("using the embedded PostgreSQL %s in %s", server.version, server.directory)
    return _made(server.dsn, settings), server


def refuse_embedded(environment: Mapping[str, str]) -> None:
    """Raise `EmbeddedUnavailable` where a database of one's own must have been forgotten."""
    if environment.get("STEVE_REQUIRE_DATABASE", "").strip() not in {"", "0"}:
        reason = "STEVE_REQUIRE_DATABASE is set"
    elif environment.get("KUBERNETES_SERVICE_HOST"):
        reason = "this is a pod of Kubernetes, and the jobs would be gone with it"
    else:
        return
    raise EmbeddedUnavailable(
        f"no database was given, and the embedded PostgreSQL is refused because {reason}: "
        "set STEVE_DATABASE_URL, or pass Jobs(db=…)"
    )


def _made(db: Any, settings: Settings) -> Database:
    return Database(
        db, settings.schema, name=NAME, connect_timeout=settings.connect_timeout
    )


async def _prepare(database: Database, settings: Settings) -> None:
    """Reach the database once, so that a mistake shows here, and look after the schema."""
    if settings.db is not None and not isinstance(settings.db, str):
        # Only the pool itself knows all about how it connects.
        async with database.connection() as connection:
            await _look_after_schema(connection, settings)
        return
    async with await database.connect(name=NAME) as connection:
        await _look_after_schema(connection, settings)


async def _look_after_schema(connection: AsyncConnection[Any], settings: Settings) -> None:
    if settings.migrate == "auto":
        await migrate(connection, settings.schema)
    elif settings.migrate == "check":
        await check(connection, settings.schema)
