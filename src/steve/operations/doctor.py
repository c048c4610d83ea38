"""What `doctor` asks the database. Every question only reads, but for the room for a rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from steve.operations.operation import Operation, first_column, nothing


class Server(NamedTuple):
    """What is at the other end of the connection."""

    version: str
    standby: bool
    read_only: bool
    database: str
    role: str


class Thing(NamedTuple):
    """A part of a schema, in PostgreSQL's own words.

    `kind` is schema, table, partition, view, sequence, setting, kept (logged or not), row security,
    column, constraint, index, trigger or function. `more` depends on it: the tables above a
    partition; the columns of a view; NOT NULL, the default and the way of generation of a column;
    the type of a constraint and the index behind it.
    """

    kind: str
    name: str
    table: str
    definition: str
    valid: bool
    more: list[str]


class MissingPartition(NamedTuple):
    """A day or a week without a partition, that begins in so many seconds (or has begun)."""

    parent: str
    name: str
    lower: datetime
    upper: datetime
    seconds: float
    unattached: bool


class Holder(NamedTuple):
    """Somebody whose snapshot may be in the way of vacuum; `transactions` is how old that is."""

    kind: str
    name: str
    role: str | None
    application: str | None
    client: str | None
    state: str | None
    since: datetime | None
    seconds: float | None
    transactions: int | None


class Upkeep(NamedTuple):
    """The live table: rows by estimate, seconds since the last vacuum, bytes."""

    table: str
    autovacuum: bool
    counts: bool
    enabled: bool
    live: int
    dead: int
    ago: float | None
    table_bytes: int
    index_bytes: int
    width: float | None


class LostWorker(NamedTuple):
    """A worker that is silent, dead or gone, for so many seconds, and the jobs that it holds."""

    kind: str
    id: int
    name: str | None
    host: str | None
    pid: int | None
    seconds: float
    jobs: int


class UnhandledType(NamedTuple):
    """Jobs that no live worker takes; `waited` is negative while the first is not due."""

    queue: str
    type: str
    jobs: int
    waited: float
    workers: int
    workers_of_queue: int


class Waiting(NamedTuple):
    """Jobs of one queue and type that could run, and the seconds that the oldest has waited."""

    queue: str
    type: str
    jobs: int
    waited: float


class Room(NamedTuple):
    """Connections: limits (-1: none), uses, and the handlers of each live worker."""

    server_limit: int
    database_limit: int
    role_limit: int
    used: int
    used_in_database: int
    used_by_role: int
    used_by_workers: int
    handlers: list[int]


def limits(
    lock_timeout: float, statement_timeout: float, *, read_only: bool = True
) -> Operation[None]:
    """Make the transaction harmless: it waits at most so many seconds, and changes nothing."""
    return Operation(
        "doctor/limits",
        {
            "read_only": read_only,
            "lock_timeout": f"{lock_timeout * 1000:.0f}",
            "statement_timeout": f"{statement_timeout * 1000:.0f}",
        },
        nothing,
        repeatable=True,
    )


def server() -> Operation[Server]:
    """Look at the server."""
    return Operation("doctor/server", {}, lambda rows: Server(*rows[0]), repeatable=True)


def version() -> Operation[int]:
    """Read the version of the schema. Fails where there is no such table."""
    return Operation("doctor/version", {}, lambda rows: rows[0][0], repeatable=True)


def scratch() -> Operation[None]:
    """Make the schema that this is run for."""
    return Operation("doctor/scratch", {}, nothing)


def catalogue(schema: str) -> Operation[list[Thing]]:
    """List what a schema is made of."""
    return Operation(
        "doctor/catalogue",
        {"home": schema},
        lambda rows: [Thing(*row) for row in rows],
        repeatable=True,
    )


def missing_partitions(schema: str, days: float) -> Operation[list[MissingPartition]]:
    """List the times without a partition, from now to so many days ahead."""
    return Operation(
        "doctor/partitions",
        {"home": schema, "days": days},
        lambda rows: [MissingPartition(*row) for row in rows],
        repeatable=True,
    )


def holders(seconds: float) -> Operation[list[Holder]]:
    """List what may hold back vacuum, for longer than so many seconds."""
    return Operation(
        "doctor/snapshots",
        {"seconds": seconds},
        lambda rows: [Holder(*row) for row in rows],
        repeatable=True,
    )


def upkeep(schema: str) -> Operation[Upkeep]:
    """Look at the live table from outside."""
    return Operation(
        "doctor/vacuum", {"home": schema}, lambda rows: Upkeep(*rows[0]), repeatable=True
    )


def lost_workers() -> Operation[list[LostWorker]]:
    """List workers that a rescue should have dealt with."""
    return Operation(
        "doctor/workers", {}, lambda rows: [LostWorker(*row) for row in rows], repeatable=True
    )


def unhandled() -> Operation[list[UnhandledType]]:
    """List what is pending that nobody takes."""
    return Operation(
        "doctor/types", {}, lambda rows: [UnhandledType(*row) for row in rows], repeatable=True
    )


def waiting() -> Operation[list[Waiting]]:
    """List what waits though it could run, the longest first."""
    return Operation(
        "doctor/backlog", {}, lambda rows: [Waiting(*row) for row in rows], repeatable=True
    )


def room() -> Operation[Room]:
    """Count connections."""
    return Operation("doctor/connections", {}, lambda rows: Room(*rows[0]), repeatable=True)


def database_clock() -> Operation[datetime]:
    """Ask what time it is in the database."""
    return Operation("doctor/clock", {}, lambda rows: rows[0][0], repeatable=True)


def privileges(schema: str, needs: Sequence[tuple[str, str, str]]) -> Operation[list[bool | None]]:
    """Say of each kind, object and privilege whether this role has it; None: no such object."""
    return Operation(
        "doctor/privileges",
        {
            "home": schema,
            "kinds": [kind for kind, _, _ in needs],
            "objects": [name for _, name, _ in needs],
            "privileges": [privilege for _, _, privilege in needs],
        },
        first_column,
        repeatable=True,
    )
