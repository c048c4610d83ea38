"""What keeps the schema from being read or changed, in words that say what to do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from steve.core.errors import SchemaError

OLDEST_SERVER = 14
_BUSY = frozenset({TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR})

_EXPLANATIONS = {
    "42501": "the user {user} lacks a privilege for schema {schema} ({reason}): have its owner run "
    "`steve migrate`, with --grant for what a role is to do there, or the SQL that it prints "
    "with --sql",
    "3F000": "schema {schema} does not exist, and the user {user} may not create it: have somebody "
    "who may run `steve migrate`, or the SQL that `steve migrate --sql` prints",
    "55P03": "schema {schema} cannot be changed, as other sessions hold locks on its tables: end "
    "long transactions that use them (see pg_stat_activity), then try again",
    "25006": "schema {schema} cannot be changed, as this server is read-only ({reason}): connect "
    "to the primary, for example with target_session_attrs=read-write",
}
"""What an SQLSTATE means while the schema is read or changed."""


@asynccontextmanager
async def explained(connection: AsyncConnection[Any], schema: str) -> AsyncGenerator[None, None]:
    """Say in steve's words what kept the schema from being read or changed."""
    try:
        yield
    except psycopg.Error as error:
        words = _EXPLANATIONS.get(error.sqlstate or "")
        if words is None:
            raise
        reason = error.diag.message_primary
        raise SchemaError(
            words.format(schema=repr(schema), user=repr(connection.info.user), reason=reason)
        ) from error


def require_idle(connection: AsyncConnection[Any]) -> None:
    """Refuse a connection that is in a transaction, which would swallow ours."""
    if connection.info.transaction_status in _BUSY:
        raise SchemaError("migrations need a connection that is not in a transaction")


def require_server(connection: AsyncConnection[Any]) -> None:
    """Refuse a server that lacks what the schema is made of."""
    found = connection.info.server_version // 10_000
    if found < OLDEST_SERVER:
        raise SchemaError(
            f"steve needs PostgreSQL {OLDEST_SERVER} or newer, but this server is {found}"
        )
