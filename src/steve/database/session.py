"""What a fresh session is given, which depends on whether it is ours alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg.rows import tuple_row

from steve.database.adapters import AsyncOwnCursor, OwnCursor

# A transaction pooler answers with a process id of its own making, and hands each transaction to
# any backend. One round trip finds out and, if the backend is ours, sets what lasts.
_SETTLE = """
select
    pg_backend_pid() = $1::integer,
    case when pg_backend_pid() = $1::integer and $2::text is not null
        then set_config('statement_timeout', $2::text, false)
    end
"""


_MEETINGS = 10


@dataclass(frozen=True, slots=True)
class Profile:
    """How a connection may be used.

    `pooled`: a pooler is in between, so there are no prepared statements, no session settings
    and no LISTEN.
    """

    pooled: bool


async def settle(
    connection: AsyncConnection[Any], statement_timeout: float | None = None
) -> Profile:
    """Find out the profile and set the session up for it. `statement_timeout` is in seconds."""
    cursor = AsyncOwnCursor(connection, row_factory=tuple_row)
    await cursor.execute(
        _SETTLE, _values(connection, statement_timeout), prepare=False, binary=True
    )
    return _apply(connection, await cursor.fetchone())


def settle_blocking(connection: Connection[Any], statement_timeout: float | None = None) -> Profile:
    """Do as `settle` does, on a blocking connection."""
    cursor = OwnCursor(connection, row_factory=tuple_row)
    cursor.execute(_SETTLE, _values(connection, statement_timeout), prepare=False, binary=True)
    return _apply(connection, cursor.fetchone())


def profile_of(connection: AsyncConnection[Any] | Connection[Any]) -> Profile:
    """Return the profile of a connection that was settled."""
    return Profile(pooled=connection.prepare_threshold is None)


async def are_shared(one: AsyncConnection[Any], other: AsyncConnection[Any]) -> bool:
    """Whether a pooler was seen to lend both connections the same backend, or one of them several.

    A pooler that lends for a session keeps a backend for each of them. One that lends for a
    transaction takes, where it is not too busy, what was given back last.
    """
    seen: tuple[set[int], set[int]] = set(), set()
    for _ in range(_MEETINGS):
        for connection, backends in zip((one, other), seen, strict=True):
            cursor = AsyncOwnCursor(connection, row_factory=tuple_row)
            await cursor.execute("select pg_backend_pid()", prepare=False, binary=True)
            backends.update(pid for (pid,) in await cursor.fetchall())
        if seen[0] & seen[1] or max(map(len, seen)) > 1:
            return True
    return False


def is_read_only(connection: AsyncConnection[Any] | Connection[Any]) -> bool:
    """Whether the server of a settled connection has said that it takes no writes."""
    return not profile_of(connection).pooled and says_read_only(connection)


def says_read_only(connection: AsyncConnection[Any] | Connection[Any]) -> bool:
    """Whether we heard that no writes are taken, which a server says by itself, without being
    asked, and a pooler only repeats from an earlier day."""
    said = connection.info.parameter_status
    return "on" in (said("in_hot_standby"), said("default_transaction_read_only"))


def _values(
    connection: AsyncConnection[Any] | Connection[Any], statement_timeout: float | None
) -> list[Any]:
    limit = None if statement_timeout is None else f"{statement_timeout * 1000:.0f}"
    return [connection.info.backend_pid, limit]


def _apply(
    connection: AsyncConnection[Any] | Connection[Any], row: tuple[Any, ...] | None
) -> Profile:
    pooled = row is None or not row[0]
    if pooled:
        connection.prepare_threshold = None
    return Profile(pooled)
