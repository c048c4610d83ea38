"""How the whole is doing, as one value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from steve.operations.health import Backlog, Durations
from steve.operations.worker import WorkerInfo

CONNECTIONS_PER_WORKER = 5
"""For claims, finishes, the lease, housekeeping, and LISTEN."""


class Health(msgspec.Struct, frozen=True):
    """What `health` has found. Durations are in seconds.

    `counts` are jobs by status; `jobs` the same by status, type and queue, with durations.
    `oldest_ready` is how long the oldest job has waited that could run, None without one.
    `connections_needed` is what the live workers may hold at once, with all of their handlers in
    transactions; `connections` is what the server has now, of `max_connections`.
    """

    counts: dict[str, int]
    jobs: list[Durations]
    oldest_ready: float | None
    unhandled_types: list[str]
    workers: list[WorkerInfo]
    latency: float
    version: str
    now: datetime
    connections: int
    connections_needed: int
    max_connections: int


def summed_up(
    rows: Sequence[Durations],
    state: Backlog,
    workers: Sequence[WorkerInfo],
    latency: float,
    transactions_per_worker: int,
) -> Health:
    """Put the answers together."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.status] += row.count
    needed = sum(
        CONNECTIONS_PER_WORKER + min(worker.concurrency, transactions_per_worker)
        for worker in workers
    )
    return Health(
        counts=dict(counts),
        jobs=list(rows),
        oldest_ready=state.oldest_ready,
        unhandled_types=state.unhandled_types,
        workers=list(workers),
        latency=latency,
        version=state.version,
        now=state.now,
        connections=state.connections,
        connections_needed=needed,
        max_connections=state.max_connections,
    )
