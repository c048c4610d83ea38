"""The measurements themselves. Rates are jobs per second, latencies milliseconds."""

# ruff: noqa: S311 - random pauses are no secret

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from steve.cli.bench.scratch import Scratch
    from steve.jobs.manager import Jobs

NOOP = "noop"
STAMP = "stamp"
"""Types of jobs: one does nothing, one says when it started."""

Advance = Callable[[int], None]

PAUSE = (0.05, 0.35)
"""Seconds between two samples of the latency: long enough for the worker to fall asleep."""

_LOOK = 0.25
_STALLED = 60.0
_IDLE_QUEUE = "bench-idle"


class Latency(msgspec.Struct, frozen=True):
    """Quantiles of a latency."""

    median: float
    p95: float
    p99: float

    @classmethod
    def of(cls, samples: list[float]) -> Latency:
        """Take the quantiles of `samples`."""
        ordered = sorted(samples)
        return cls(*(round(_quantile(ordered, share), 3) for share in (0.5, 0.95, 0.99)))


def _quantile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def payload(number: int) -> dict[str, object]:
    """Return a payload of about 100 bytes."""
    return {"n": number, "to": "somebody@example.org", "subject": "a payload of usual size", "x": 1}


async def create(jobs: Jobs, count: int, advance: Advance) -> float:
    """Create jobs one after the other, each in a transaction of its own, awaited; the rate."""
    started = time.perf_counter()
    for number in range(count):
        await jobs.create(NOOP, payload(number), queue=_IDLE_QUEUE)
        advance(1)
    return count / (time.perf_counter() - started)


async def create_many(jobs: Jobs, count: int) -> float:
    """Create jobs in one call; the rate, with checking and encoding them."""
    items = [(NOOP, payload(number)) for number in range(count)]
    started = time.perf_counter()
    await jobs.create_many(items)
    return count / (time.perf_counter() - started)


async def drain(scratch: Scratch, count: int, advance: Advance) -> float:
    """Wait until the worker has run all jobs; the rate, by the database's clock.

    It counts from the first claim to the last finish, and not the worker's start.
    """
    left, moved = count, time.monotonic()
    while left:
        await asyncio.sleep(_LOOK)
        # By the index: counting the rows would take part in the race.
        rows = await scratch.rows(
            "select (select max(id) from steve.job) - min(id) + 1 from steve.job"
        )
        now_left = min(rows[0][0] or 0, left)
        if now_left < left:
            moved = time.monotonic()
        elif time.monotonic() - moved > _STALLED:
            raise click.ClickException(
                f"nothing has happened for {_STALLED:.0f} s: {left} jobs left"
            )
        advance(left - now_left)
        left = now_left
    rows = await scratch.rows(
        "select count(*), count(*) filter (where status = 'completed' and attempts = 1),"
        " extract(epoch from max(completed_at) - min(attempted_at))::float8"
        " from steve.job_archive"
    )
    total, clean, seconds = rows[0]
    if (total, clean) != (count, count):
        raise click.ClickException(
            f"of {count} jobs {total} are finished, {clean} at the first attempt: not a clean run"
        )
    return count / seconds


async def latency(
    jobs: Jobs, scratch: Scratch, count: int, advance: Advance
) -> tuple[Latency, Latency]:
    """Create single jobs on the idle system; from create's call, and its return, to the handler.

    The handler may start before create has returned: that counts as 0.
    """
    called: list[int] = []
    returned: list[int] = []
    for number in range(count):
        await asyncio.sleep(random.uniform(*PAUSE))
        called.append(time.monotonic_ns())
        await jobs.create(STAMP, {"n": number})
        returned.append(time.monotonic_ns())
        advance(1)
    rows = await _stamps(scratch, count)
    return (
        Latency.of([(started - called[number]) / 1e6 for number, started in rows]),
        Latency.of([max(started - returned[number], 0) / 1e6 for number, started in rows]),
    )


async def _stamps(scratch: Scratch, count: int) -> list[tuple[int, int]]:
    """Wait until all samples are written; their numbers and when their handlers started."""
    deadline = time.monotonic() + _STALLED
    while True:
        rows = await scratch.rows(
            "select (payload->>'n')::int, (result->>'started')::int8 from steve.job_archive"
            " where type = %s and status = 'completed'",
            STAMP,
        )
        if len(rows) == count:
            return [(number, started) for number, started in rows]
        if time.monotonic() > deadline:
            raise click.ClickException(f"of {count} samples only {len(rows)} are finished")
        await asyncio.sleep(_LOOK)
