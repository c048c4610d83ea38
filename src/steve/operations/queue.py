"""Queues: what is in them, pausing and resuming."""

from __future__ import annotations

from datetime import datetime

import msgspec

from steve.operations.operation import Operation, nothing


class QueueInfo(msgspec.Struct, frozen=True):
    """A queue and its jobs: due now, due later, running; and how many live workers serve it."""

    name: str
    ready: int
    scheduled: int
    running: int
    paused: bool
    paused_at: datetime | None
    paused_until: datetime | None
    paused_by: str | None
    workers: int


def queues() -> Operation[list[QueueInfo]]:
    """List every queue that has jobs, workers or settings, by name."""
    return Operation(
        "queues/list", {}, lambda rows: [QueueInfo(*row) for row in rows], repeatable=True
    )


def pause(name: str, until: datetime | None = None, actor: str | None = None) -> Operation[None]:
    """Pause a queue, for good or until an instant."""
    return Operation(
        "queues/pause", {"queue": name, "until": until, "actor": actor}, nothing, repeatable=True
    )


def resume(name: str) -> Operation[bool]:
    """Resume a queue; returns whether it was paused."""
    return Operation("queues/resume", {"queue": name}, bool, repeatable=True)
