"""A worker's row: its registration, lease, and end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from steve.operations.operation import Operation, Rows, nothing


class WorkerInfo(msgspec.Struct, frozen=True):
    """A worker that is alive. `lease_left` is in seconds, `memory` in bytes resident."""

    id: int
    name: str
    host: str
    pid: int
    version: str
    queues: list[str]
    types: list[str] | None
    concurrency: int
    running: int
    memory: int | None
    registered_at: datetime
    renewed_at: datetime
    lease_left: float
    stopping: bool


class Registration(msgspec.Struct, frozen=True):
    """What a worker says about itself. `types` is None when it handles all; `lease` in seconds."""

    name: str
    host: str
    pid: int
    version: str
    channel: str
    queues: list[str]
    types: list[str] | None
    concurrency: int
    lease: float


def register(registration: Registration) -> Operation[int]:
    """Add a worker; returns its id."""
    return Operation(
        "worker/register", msgspec.structs.asdict(registration), lambda rows: rows[0][0]
    )


def announce_types(worker: int, types: Sequence[str] | None) -> Operation[None]:
    """Tell the others which types this worker handles now."""
    return Operation(
        "worker/announce",
        {"worker": worker, "types": None if types is None else list(types)},
        nothing,
        repeatable=True,
    )


def renew(worker: int, running: int, memory: int | None) -> Operation[bool | None]:
    """Renew the lease. True: somebody asked the worker to stop. None: the worker is dead."""

    def read(rows: Rows) -> bool | None:
        return rows[0][0] if rows else None

    parameters: dict[str, Any] = {"worker": worker, "running": running, "memory": memory}
    return Operation("worker/renew", parameters, read, repeatable=True)


def retire(worker: int) -> Operation[None]:
    """A worker has stopped."""
    return Operation("worker/retire", {"worker": worker}, nothing, repeatable=True)


def alive() -> Operation[list[WorkerInfo]]:
    """List the workers that are alive."""
    return Operation(
        "workers/list", {}, lambda rows: [WorkerInfo(*row) for row in rows], repeatable=True
    )
