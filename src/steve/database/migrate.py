"""Bringing the schema to the version of this package, by any number of processes at once.

Each migration is a transaction of its own under one advisory lock, and is recorded in the table
`migration` of the schema. Whoever waited for the lock looks again and finds the work done. No
statement waits for long: a lock that is not to be had is tried for again, so that the jobs of
others do not queue up behind us.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, LiteralString, cast

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from steve.core.errors import SchemaBehind, SchemaError, SchemaMissing, SchemaTooNew
from steve.database.adapters import AsyncOwnCursor
from steve.database.obstacles import explained, require_idle, require_server
from steve.sql import Migration, migrations, quoted

LOCK_TIMEOUT = 2.0
PATIENCE = 60.0
LONGEST_PAUSE = 0.5
"""Seconds a statement waits for a lock, all attempts take together, and one pause may last."""

_NO_LOCK = frozenset({"55P03", "40P01", "40001"})
_COLLISION = frozenset({"23505", "42P06", "42P07", "42710", "XX000"})
"""Two sessions made the same thing in the catalogue: the next look finds it there."""
_MOST_COLLISIONS = 5


async def migrate(
    connection: AsyncConnection[Any], schema: str, *, patience: float = PATIENCE
) -> list[Migration]:
    """Install the schema or bring it up to date; return the migrations that this call has run.

    Reads only when there is nothing to do. `connection` must not be in a transaction. Locks are
    tried for until `patience` seconds have passed.

    Raises:
        SchemaTooNew: a newer steve was here.
        SchemaError: a lock was not to be had, a privilege is missing, or the schema is in use by
            something else.
    """
    require_idle(connection)
    require_server(connection)
    known = migrations(schema)
    done: list[Migration] = []
    retries = Retries(patience)
    async with explained(connection, schema):
        at = await _version(connection, schema)
        while at < len(known):
            try:
                if await _apply(connection, schema, known[at]):
                    done.append(known[at])
            except psycopg.Error as error:
                if not retries.allow(error):
                    raise
                await retries.pause()
            at = await _version(connection, schema)
    _refuse_newer(schema, at, len(known))
    return done


async def check(connection: AsyncConnection[Any], schema: str) -> None:
    """Raise SchemaMissing, SchemaBehind or SchemaTooNew unless the schema is of our version."""
    known = migrations(schema)
    async with explained(connection, schema):
        at = await _version(connection, schema)
    if at == 0:
        raise SchemaMissing(
            f"steve is not installed in schema {schema!r} of this database: "
            'run `steve migrate`, or pass migrate="auto"'
        )
    if at < len(known):
        raise SchemaBehind(
            f"schema {schema!r} has version {at}, but this steve needs {len(known)}: "
            'run `steve migrate`, or pass migrate="auto"'
        )
    _refuse_newer(schema, at, len(known))


async def version(connection: AsyncConnection[Any], schema: str) -> int:
    """Return the version of the schema in the database; 0 when it is not installed."""
    async with explained(connection, schema):
        return await _version(connection, schema)


def script(schema: str, from_version: int = 0) -> str:
    """Return the SQL that leads from `from_version` to the newest, to be run by hand with psql."""
    parts = [
        f"-- steve: schema {schema!r} from version {from_version} to {len(migrations(schema))}\n"
    ]
    for migration in migrations(schema)[from_version:]:
        name = migration.name.replace("'", "''")
        parts.append(
            f"begin;\n"
            f"set local lock_timeout = '{LOCK_TIMEOUT:g}s';\n"
            f"select pg_advisory_xact_lock({_lock_key(schema)});\n\n"
            f"{migration.text.strip()}\n\n"
            f"insert into {quoted(schema)}.migration (version, name) "
            f"values ({migration.version}, '{name}');\n"
            f"commit;\n"
        )
    return "\n".join(parts)


async def uninstall(
    connection: AsyncConnection[Any], schema: str, *, patience: float = PATIENCE
) -> bool:
    """Drop the schema with all jobs in it; return whether steve was installed there.

    Raises SchemaError when its tables are in use for longer than `patience` seconds.
    """
    require_idle(connection)
    retries = Retries(patience)
    async with explained(connection, schema):
        while True:
            try:
                async with locked(connection, schema):
                    if await _recorded(connection, schema) is None:
                        return False
                    await fetch(connection, f"drop schema {quoted(schema)} cascade")
                    return True
            except psycopg.Error as error:
                if not retries.allow(error):
                    raise
            await retries.pause()


class Retries:
    """Decides which failures are tried again, and until when."""

    def __init__(self, patience: float) -> None:
        self._end = monotonic() + patience
        self._collisions = 0

    def allow(self, error: psycopg.Error) -> bool:
        self._collisions += error.sqlstate in _COLLISION
        passing = error.sqlstate in _NO_LOCK or error.sqlstate in _COLLISION
        return passing and self._collisions <= _MOST_COLLISIONS and monotonic() < self._end

    async def pause(self) -> None:
        await asyncio.sleep(random.uniform(0.02, LONGEST_PAUSE))  # noqa: S311 - spreads sessions


async def _apply(connection: AsyncConnection[Any], schema: str, migration: Migration) -> bool:
    """Run one migration, unless somebody else has meanwhile; return whether it was run."""
    async with locked(connection, schema):
        at = await _recorded(connection, schema)
        if (at or 0) >= migration.version:
            return False
        if at is None:
            await _require_room(connection, schema)
        # Without parameters, so that several statements may be sent at once.
        await _cursor(connection).execute(cast("LiteralString", migration.text), prepare=False)
        await fetch(
            connection,
            f"insert into {quoted(schema)}.migration (version, name) values ($1::integer, $2)",
            migration.version,
            migration.name,
        )
        return True


@asynccontextmanager
async def locked(connection: AsyncConnection[Any], schema: str) -> AsyncGenerator[None, None]:
    """Open a transaction that holds the lock of the schema and sees what came before it."""
    async with connection.transaction():
        # Under a stricter isolation the snapshot would be older than the lock.
        await fetch(connection, "set transaction isolation level read committed")
        await fetch(
            connection,
            "select set_config('lock_timeout', $1, true),"
            " set_config('statement_timeout', '0', true)",
            f"{LOCK_TIMEOUT * 1000:.0f}",
        )
        await fetch(connection, "select pg_advisory_xact_lock($1)", _lock_key(schema))
        yield


async def _version(connection: AsyncConnection[Any], schema: str) -> int:
    # In a transaction also for connections without autocommit, where a read would leave one open.
    async with connection.transaction():
        return await _recorded(connection, schema) or 0


async def _recorded(connection: AsyncConnection[Any], schema: str) -> int | None:
    """Return the version in the migration table, or None where there is no such table."""
    # Asked of the catalogue's rows: to_regclass may answer from a cache that is older than a lock
    # we have just been given.
    found = await fetch(
        connection,
        "select exists ("
        "  select from pg_attribute a where a.attrelid = c.oid and a.attname = 'version'"
        "    and a.atttypid = 'integer'::regtype"
        ") from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = $1 and c.relname = 'migration'",
        schema,
    )
    if not found:
        return None
    if not found[0][0]:
        raise _occupied(schema, "migration")
    table = f"{quoted(schema)}.migration"
    rows = await fetch(connection, f"select coalesce(max(version), 0) from {table}")
    return rows[0][0]


async def _require_room(connection: AsyncConnection[Any], schema: str) -> None:
    """Refuse a schema that holds tables of others: to uninstall is to drop the whole schema."""
    rows = await fetch(
        connection,
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = $1 limit 1",
        schema,
    )
    if rows:
        raise _occupied(schema, rows[0][0])


def _occupied(schema: str, what: str) -> SchemaError:
    return SchemaError(
        f"schema {schema!r} already holds something that is not steve's ({what!r}), but steve "
        "needs a schema of its own: choose another name with schema=…"
    )


def _refuse_newer(schema: str, at: int, known: int) -> None:
    if at > known:
        raise SchemaTooNew(
            f"schema {schema!r} has version {at}, but this steve knows versions up to {known}: "
            "upgrade pg-steve in this program to what the rest of the fleet runs"
        )


def _lock_key(schema: str) -> int:
    digest = hashlib.sha256(f"steve.migrate:{schema}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def _cursor(connection: AsyncConnection[Any]) -> AsyncOwnCursor:
    return AsyncOwnCursor(connection, row_factory=tuple_row)


async def fetch(connection: AsyncConnection[Any], text: str, *values: object) -> list[Any]:
    cursor = _cursor(connection)
    await cursor.execute(cast("LiteralString", text), values or None, prepare=False, binary=True)
    return await cursor.fetchall() if cursor.rownumber is not None else []
