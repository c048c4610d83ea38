"""How the whole is doing: counts, durations, backlog."""

from __future__ import annotations

from datetime import datetime

import msgspec

from steve.operations.operation import Operation


class Durations(msgspec.Struct, frozen=True):
    """Jobs of one status, type and queue, with the durations of their last attempts in seconds."""

    status: str
    type: str
    queue: str
    count: int
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None


class Backlog(msgspec.Struct, frozen=True):
    """The seconds that the oldest due job has waited, and facts about the database."""

    oldest_ready: float | None
    unhandled_types: list[str]
    version: str
    now: datetime
    max_connections: int
    connections: int


def durations(since: float) -> Operation[list[Durations]]:
    """Count live jobs, and those that ended in the last `since` seconds."""

    return Operation(
        "health/durations",
        {"since": since},
        lambda rows: [Durations(*row) for row in rows],
        repeatable=True,
    )


def backlog() -> Operation[Backlog]:
    """Look at what waits."""
    return Operation("health/backlog", {}, lambda rows: Backlog(*rows[0]), repeatable=True)
