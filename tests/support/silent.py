"""Workers that were killed, as the database sees them: a row, jobs in its hands, and silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steve.operations.claim import claim
from steve.operations.worker import Registration, register

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steve.core.job import Job
    from support.workers import Bench


async def registered(
    bench: Bench,
    *,
    lease: float = 30.0,
    types: Sequence[str] | None = None,
    queues: Sequence[str] = ("default",),
) -> int:
    """Register a worker that will do nothing by itself; returns its id."""
    return await bench.run(
        register(
            Registration(
                name="silent",
                host="nowhere",
                pid=1,
                version="0",
                channel="steve_silent",
                queues=list(queues),
                types=None if types is None else list(types),
                concurrency=10,
                lease=lease,
            )
        )
    )


async def claimed(bench: Bench, worker: int, slots: int = 100) -> list[Job]:
    """Let a worker claim jobs."""
    found = await bench.run(
        claim(worker, {"default": slots}, None, slots=slots, ahead=0, suspects=True)
    )
    return found.jobs


async def expire(bench: Bench, *workers: int) -> None:
    """Let the leases of workers be over."""
    await bench.sql(
        "update steve.worker set expires_at = steve.now() - interval '1 ms' where id = any(%s)",
        list(workers),
    )


async def killed(bench: Bench, slots: int = 100) -> int:
    """Register a worker, let it claim jobs, and let its lease be over; returns its id."""
    worker = await registered(bench)
    await claimed(bench, worker, slots)
    await expire(bench, worker)
    return worker
