"""A manager's settings, checked when the manager is made and never changed afterwards."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from steve.core.checks import flag, label, labels, one_of, seconds, whole
from steve.core.control import TEN_YEARS
from steve.core.errors import OptionError, OptionTypeError
from steve.core.text import clean, safe_repr

if TYPE_CHECKING:
    from psycopg_pool import AsyncConnectionPool

Migrate = Literal["auto", "check", "never"]
DAY = 86_400.0
_HUNDRED_YEARS = 10 * TEN_YEARS
_MEBIBYTE = 1_048_576
_MOST_QUEUES = 1000
_MOST_HANDLERS = 10_000


@dataclass(frozen=True, slots=True, init=False)
class Retention:
    """How long finished jobs are kept, in seconds after their end; None keeps them for ever.

    `completed` is for completed jobs, `other` for failed, cancelled and expired ones, `log` for the
    log lines of all, which count from when they were written.
    """

    completed: float | None
    other: float | None
    log: float | None

    def __init__(
        self,
        completed: float | timedelta | None = 14 * DAY,
        other: float | timedelta | None = 90 * DAY,
        log: float | timedelta | None = 14 * DAY,
    ) -> None:
        for name, value in (("completed", completed), ("other", other), ("log", log)):
            checked = None if value is None else _kept(value, f"retention.{name}")
            object.__setattr__(self, name, checked)

    @classmethod
    def of(cls, value: Retention | Mapping[str, float | timedelta | None] | None) -> Retention:
        """Check what a caller passed as `retention`; None means the defaults."""
        if value is None:
            return cls()
        if isinstance(value, Retention):
            return value
        if not isinstance(value, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise OptionTypeError(
                f"retention must be None, a Retention or a mapping, not {safe_repr(value)}: "
                'for example {"completed": timedelta(days=7), "other": None}'
            )
        unknown = [key for key in value if key not in ("completed", "other", "log")]
        if unknown:
            raise OptionTypeError(
                f"unknown retention {safe_repr(unknown[0])}: allowed are completed, other, log"
            )
        return cls(**value)


@dataclass(frozen=True, slots=True, init=False, kw_only=True)
class Settings:
    """What a manager was told, in one form: durations in seconds, queues by name.

    `queues` maps each served queue to its own concurrency, or to None where it shares the
    worker's. `max_payload` is in bytes. Raises `OptionError` and `OptionTypeError`.
    """

    # A DSN holds a password: neither of the two is ever shown.
    db: str | AsyncConnectionPool[Any] | None = field(repr=False)
    schema: str
    queues: Mapping[str, int | None]
    listen_db: str | None = field(repr=False)
    poll_interval: float
    lease: float
    grace: float
    handle_signals: bool
    migrate: Migrate
    connect_timeout: float
    max_payload: int
    retention: Retention
    transaction_connections: int

    def __init__(
        self,
        *,
        db: str | AsyncConnectionPool[Any] | None = None,
        schema: str = "steve",
        queues: Iterable[str] | Mapping[str, int | None] = ("default",),
        listen_db: str | None = None,
        poll_interval: float | timedelta = 1.0,
        lease: float | timedelta = 30.0,
        grace: float | timedelta = 25.0,
        handle_signals: bool = True,
        migrate: Migrate = "auto",
        connect_timeout: float | timedelta = 10.0,
        max_payload: int = _MEBIBYTE,
        retention: Retention | Mapping[str, float | timedelta | None] | None = None,
        transaction_connections: int = 20,
    ) -> None:
        checked: dict[str, object] = {
            "db": _database(db),
            "schema": check_schema(schema),
            "queues": check_queues(queues),
            "listen_db": None if listen_db is None else _dsn(listen_db, "listen_db"),
            "poll_interval": seconds(poll_interval, "poll_interval", 0, 3600, above=True),
            "lease": seconds(lease, "lease", 1, 3600),
            "grace": seconds(grace, "grace"),
            "handle_signals": flag(handle_signals, "handle_signals"),
            "migrate": one_of(migrate, "migrate", get_args(Migrate)),
            "connect_timeout": seconds(connect_timeout, "connect_timeout", above=True),
            "max_payload": whole(max_payload, "max_payload", 1, 256 * _MEBIBYTE),
            "retention": Retention.of(retention),
            "transaction_connections": whole(
                transaction_connections, "transaction_connections", 1, 1000
            ),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


def check_schema(value: object) -> str:
    """Return a schema name that PostgreSQL accepts and does not keep for itself."""
    if not isinstance(value, str):
        raise OptionTypeError(f"schema must be text, not {safe_repr(value)}")
    size = len(clean(value).encode())
    if clean(value) != value:
        raise OptionError(f"schema must not hold NUL or lone surrogates: {safe_repr(value)}")
    if not 1 <= size <= 63:
        raise OptionError(f"schema must have 1 to 63 bytes, not {size:,}: {safe_repr(value)}")
    if value.startswith("pg_") or value == "information_schema":
        raise OptionError(
            f"schema {safe_repr(value)} belongs to PostgreSQL: choose another name, such as 'steve'"
        )
    return str.__str__(value)


def check_queues(value: object) -> dict[str, int | None]:
    """Return the queues to serve, each with its own concurrency or None."""
    if isinstance(value, str):
        raise OptionTypeError(
            f"queues must be several names, not the text {safe_repr(value)}: "
            f"did you mean queues=({safe_repr(value)},)?"
        )
    if isinstance(value, Mapping):
        given = cast("Mapping[object, object]", value)
        queues = {
            label(name, "queues"): None
            if limit is None
            else whole(limit, f"queues[{safe_repr(name)}]", 1, _MOST_HANDLERS)
            for name, limit in given.items()
        }
    else:
        queues = dict.fromkeys(labels(value, "queues", _MOST_QUEUES))
    if not queues:
        raise OptionError("queues must name at least one queue, such as ('default',)")
    return queues


def _database(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, str):
        return _dsn(value, "db")
    # Known by its shape, as this floor imports no driver. The blocking pool has the same names.
    if inspect.iscoroutinefunction(getattr(value, "getconn", None)):
        return value
    raise OptionTypeError(
        f"db must be a DSN, a psycopg_pool.AsyncConnectionPool or None, not {_kind(value)}"
    )


def _dsn(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise OptionTypeError(f"{name} must be a DSN, not {_kind(value)}")
    if not value.strip() or "\0" in value:
        raise OptionError(
            f"{name} must be a DSN such as postgresql://user@host/database, not an empty text"
        )
    return value


def _kind(value: object) -> str:
    # Only the class: the repr of a connection or a URL object may show a password.
    return f"an object of class {type(value).__module__}.{type(value).__qualname__}"


def _kept(value: object, name: str) -> float:
    return seconds(value, name, 0, _HUNDRED_YEARS, above=True)
