"""The beat of the housekeeping."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from steve.core.registry import Registry
from steve.core.settings import Retention
from steve.maintenance import maintenance as housekeeping
from steve.maintenance.maintenance import Maintenance
from steve.maintenance.service import Service
from steve.telemetry.catalogue import (
    JobsParked,
    JobsRescued,
    JobsUnparked,
    PartitionsRemoved,
    StatementFailed,
)
from steve.telemetry.telemetry import Telemetry
from support.events import Events
from support.silent import killed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from steve.core.job import Job
    from support.workers import Bench


async def nothing(uids: Sequence[UUID]) -> None: ...


async def handler(job: Job) -> None: ...


def keep_house(bench: Bench, telemetry: Telemetry, types: Sequence[str], run: Any = None) -> Any:
    return Maintenance(
        run=run or bench.run,
        connect=lambda: bench.database.connect(name="steve worker partitions"),
        schema="steve",
        registry=Registry(None, dict.fromkeys(types, handler)),
        queues=["default"],
        retention=Retention(86_400.0, 86_400.0),
        telemetry=telemetry,
        on_work=lambda: None,
        on_over=nothing,
        worked=lambda: 0,
    )


async def test_everything_is_done_at_once_and_again_and_again(
    own_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RESCUE_INTERVAL", "PARK_INTERVAL", "UNPARK_INTERVAL", "PARTITION_INTERVAL"):
        monkeypatch.setattr(housekeeping, name, 0.1)
    telemetry = Telemetry()
    events = Events(telemetry)
    await own_bench.sql("select steve.create_partitions(since => steve.now() - interval '3 days')")
    await own_bench.create("lost")
    await killed(own_bench)
    await own_bench.create("unknown", delay=0)
    await own_bench.sql("update steve.job set parked = type = 'back'")
    maintenance = keep_house(own_bench, telemetry, ["back"])
    maintenance.start()
    await events.wait(JobsRescued)
    await events.wait(JobsParked)
    await events.wait(PartitionsRemoved)
    await own_bench.create("back")
    await own_bench.sql("update steve.job set parked = true where type = 'back'")
    await events.wait(JobsUnparked)
    # Of a type that is handled: another might be parked before it is claimed.
    await own_bench.create("back", max_crashes=0)
    await killed(own_bench)
    await events.wait(JobsRescued, count=2)
    await maintenance.stop()
    seen = len(events.seen)
    await own_bench.create("again")
    await asyncio.sleep(0.3)
    assert len(events.seen) == seen
    assert not events.of(StatementFailed)


async def test_what_fails_is_told_and_tried_again(bench: Bench) -> None:
    telemetry = Telemetry()
    events = Events(telemetry)
    await bench.create()
    await killed(bench)
    failures = 1

    async def run(operation: Any, /) -> Any:
        nonlocal failures
        if operation.name == "maintenance/bury" and failures:
            failures -= 1
            await bench.sql("select 1/0")
        return await bench.run(operation)

    maintenance = keep_house(bench, telemetry, ["t"], run)
    maintenance.start()
    await events.wait(JobsRescued)
    await maintenance.stop()
    told = events.of(StatementFailed)
    assert [event.what for event in told] == ["rescuing jobs"]


async def test_stopping_interrupts_what_is_under_way() -> None:
    entered = asyncio.Event()

    async def work() -> None:
        entered.set()
        await asyncio.Event().wait()

    service = Service("waiting", work, 60.0, Telemetry())
    service.start()
    await entered.wait()
    await asyncio.wait_for(service.stop(), 1.0)
    await service.stop()
