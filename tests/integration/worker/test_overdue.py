"""Jobs that were claimed, and not started before the worker's lease may be over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.errors import LockNotAvailable

from steve.telemetry.catalogue import AttemptStarted, LeaseLost

if TYPE_CHECKING:
    from uuid import UUID

    from steve.core.job import Job
    from support.workers import Bench, Station

LEASE = 1.0


@pytest.mark.parametrize(("count", "concurrency"), [(2000, 1), (10, 10)], ids=["ahead", "in slots"])
async def test_nothing_is_started_after_the_lease(
    bench: Bench, count: int, concurrency: int
) -> None:
    """Jobs that were claimed before a time in which nothing ran are given back instead."""
    held: list[set[UUID]] = []
    # Not longer: a claim may hold the worker's row until this loop reads what it has sent.
    locker = psycopg.connect(bench.dsn, options="-c lock_timeout=100ms")

    async def handler(job: Job) -> None:
        if held or job.payload < count // 40:
            return
        try:
            locker.execute("select from steve.worker for update")
        except LockNotAvailable:
            locker.rollback()
            return
        rows = locker.execute(
            "select uid, attempt_id from steve.job where status = 'running' and uid <> %s",
            [job.uid],
        ).fetchall()
        # Of some the end is not written yet, of others the claim is not answered yet.
        in_hand = station.worker._executor.attempt_ids()
        waiting = {uid for uid, attempt in rows if attempt in in_hand} - begun(station)
        if waiting:
            held.append(waiting)
            time.sleep(1.5 * LEASE)  # noqa: ASYNC251 - nothing runs meanwhile
            # The lock stays: a renewal between here and the next job would be in time.
        else:
            locker.rollback()

    await bench.create_many("t", range(count))
    station = await bench.worker(
        {"t": handler}, lease=LEASE, concurrency=concurrency, started=False
    )
    await station.worker.start()
    await station.events.wait(LeaseLost)
    locker.close()
    await station.all_over(count)
    (claimed_ahead,) = held
    for uid in claimed_ahead:
        job = await bench.find(uid)
        assert (job.attempts, job.refunded) == (2, 1)


def begun(station: Station) -> set[UUID]:
    return {event.job.uid for event in station.events.of(AttemptStarted)}
