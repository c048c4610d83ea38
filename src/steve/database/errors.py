"""What an error of the database means for whoever met it, by its SQLSTATE."""

from __future__ import annotations

import psycopg
import psycopg_pool

from steve.core.errors import ConnectionFailed, SchemaError

READ_ONLY = "25006"
_STATEMENT_GONE = "26000"

_LOST = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "25P03"})
"""The server has ended the connection, or takes none at present."""

_PASSING = frozenset({READ_ONLY, "55006", "55P03", "57014"})
"""Read-only after a failover, in use, locked, out of time."""

_PASSING_CLASSES = frozenset({"08", "40", "53"})
"""Connection, transaction rollback, insufficient resources."""

_DATA_CLASSES = frozenset({"22", "23", "54"})
"""Data, integrity, program limits."""

_POOL_ERRORS = (psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed, psycopg_pool.TooManyRequests)


def is_transient(error: BaseException) -> bool:
    """Whether the same statement may succeed a little later."""
    if isinstance(error, ConnectionFailed | ConnectionError | TimeoutError):
        return True
    if isinstance(error, psycopg_pool.PoolClosed):
        return False
    state = _state(error)
    if state is None:
        return isinstance(error, psycopg.OperationalError)
    return (
        state[:2] in _PASSING_CLASSES
        or state in _LOST
        or state in _PASSING
        or is_plan_outdated(error)
    )


def is_connection_lost(error: BaseException) -> bool:
    """Whether the connection is gone; what became of the statement is unknown then."""
    state = _state(error)
    if state is None:
        return (
            isinstance(error, psycopg.OperationalError) and not isinstance(error, _POOL_ERRORS)
        ) or isinstance(error, ConnectionError)
    return state.startswith("08") or state in _LOST


def is_connection_spoiled(error: BaseException) -> bool:
    """Whether the connection is of no more use: lost, to a demoted server, or with an old plan or
    none of a statement that was prepared."""
    return (
        is_connection_lost(error)
        or _state(error) in {READ_ONLY, _STATEMENT_GONE}
        or is_plan_outdated(error)
    )


def is_away(error: BaseException) -> bool:
    """Whether the server is not there for us yet: it starts, stops, is full, or read-only."""
    if isinstance(error, SchemaError):
        # Said in steve's words, with the database's behind them.
        return error.__cause__ is not None and is_away(error.__cause__)
    return (
        is_connection_lost(error)
        or isinstance(error, TimeoutError)
        or _state(error) in {READ_ONLY, "53300"}
    )


def is_rolled_back(error: BaseException) -> bool:
    """Whether the database gave up the transaction for the sake of others: nothing happened."""
    state = _state(error) or ""
    return state.startswith("40") and state != "40003"


def is_data_error(error: BaseException) -> bool:
    """Whether the values sent are to blame, so that sending them again cannot help."""
    if isinstance(error, psycopg.DataError | UnicodeError):
        return True
    state = _state(error) or ""
    return state[:2] in _DATA_CLASSES and not is_missing_partition(error)


def is_missing_partition(error: BaseException) -> bool:
    """Whether a row has found no partition to go to."""
    # Told from a CHECK constraint by having no name: the message is in the server's language.
    return (
        isinstance(error, psycopg.Error)
        and error.sqlstate == "23514"
        and error.diag.constraint_name is None
        and error.diag.table_name is not None
    )


def is_schema_missing(error: BaseException) -> bool:
    """Whether the schema or one of its tables does not exist."""
    return _state(error) in {"3F000", "42P01"}


def is_plan_outdated(error: BaseException) -> bool:
    """Whether a prepared statement outlived a migration that changed what it returns."""
    return _state(error) == "0A000" and "cached plan" in str(error)


def _state(error: BaseException) -> str | None:
    return error.sqlstate if isinstance(error, psycopg.Error) else None
