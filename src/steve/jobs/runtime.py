"""What an open manager holds: the database, and what listens and waits on it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from psycopg import AsyncConnection

from steve.core.errors import EmbeddedUnavailable
from steve.core.settings import Settings
from steve.database.database import Database
from steve.database.dsn import find_dsn, location
from steve.database.migrate import check, migrate
from steve.database.patience import until_there
from steve.events.calls import Calls
from steve.events.listener import Listener
from steve.events.waiter import Waiter
from steve.jobs.gathering import Gathering
from steve.telemetry import log
from steve.telemetry.telemetry import Telemetry

if TYPE_CHECKING:
    from steve.database.embedded import EmbeddedServer

NAME = "steve"
"""The application_name of a manager's connections."""

logger = logging.getLogger("steve")


class Runtime:
    """The parts of an open manager. They belong to the event loop that made them."""

    def __init__(
        self,
        settings: Settings,
        telemetry: Telemetry,
        calls: Calls,
        database: Database,
        embedded: EmbeddedServer | None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.database = database
        self.gathering = Gathering(database)
        self.embedded = embedded
        self.listener = Listener(database, telemetry, listen_db=settings.listen_db)
        self.waiter = Waiter(
            database, self.listener, poll_interval=settings.poll_interval, calls=calls
        )
        self.prepared = False
        """Whether the schema has been looked after."""
        self._settings = settings
        self._end_log = log.subscribe(telemetry)

    @classmethod
    async def find(cls, settings: Settings, telemetry: Telemetry, calls: Calls) -> Runtime:
        """Find the database; nothing is connected yet. Raises `EmbeddedUnavailable`."""
        database, embedded = await _find(settings, telemetry)
        return cls(settings, telemetry, calls, database, embedded)

    async def prepare(self) -> None:
        """Reach the database, and see that its schema fits.

        Raises `ConnectionFailed` and `SchemaError`.
        """
        await until_there(self.database, self._look_after_schema)
        self.prepared = True

    async def _look_after_schema(self) -> None:
        async with self.connection() as connection:
            if self._settings.migrate == "auto":
                await migrate(connection, self._settings.schema)
            elif self._settings.migrate == "check":
                await check(connection, self._settings.schema)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection[Any], None]:
        """Give a connection of its own, where a mistake in the address shows at once."""
        if isinstance(self._settings.db, str | None):
            async with await self.database.connect(name=NAME, writable=False) as connection:
                yield connection
        else:
            # Only the caller's pool itself knows all about how it connects.
            async with self.database.connection() as connection:
                yield connection

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
        self._end_log()


async def _find(settings: Settings, telemetry: Telemetry) -> tuple[Database, EmbeddedServer | None]:
    """Take the database from where the settings or the environment say, and log which it is."""
    if not isinstance(settings.db, str | None):
        logger.info("using the database of the pool %r", settings.db.name)
        return _made(settings.db, settings, telemetry), None
    source = find_dsn(settings.db)
    if source.dsn is not None:
        logger.info("using the database %s (from %s)", location(source.dsn), source.origin)
        return _made(source.dsn, settings, telemetry), None
    _refuse_embedded(os.environ)
    # Few programs need it, and finding the binaries takes time.
    from steve.database.embedded import start

    server = await start()
    logger.info("using the embedded PostgreSQL %s in %s", server.version, server.directory)
    return _made(server.dsn, settings, telemetry), server


def _refuse_embedded(environment: Mapping[str, str]) -> None:
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


def _made(db: Any, settings: Settings, telemetry: Telemetry) -> Database:
    return Database(
        db,
        settings.schema,
        name=NAME,
        connect_timeout=settings.connect_timeout,
        telemetry=telemetry,
    )
