"""The sampler of a worker: it samples while there is something to see, and costs little else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from steve import Jobs
from steve.maintenance import maintenance as housekeeping
from steve.maintenance import sampler as module
from steve.maintenance.sampler import Sampler
from support.examining import sql
from support.waiting import eventually_async

if TYPE_CHECKING:
    from steve.core.job import Job
    from support.workers import Bench

pytestmark = pytest.mark.any_postgres


class Counting:
    """Runs operations, and remembers which."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.names: list[str] = []

    async def __call__(self, operation: Any, /) -> Any:
        self.names.append(operation.name)
        return await self.bench.run(operation)


async def test_one_that_has_nothing_to_do_looks_once_a_minute(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, worked = 1000.0, 0
    monkeypatch.setattr(module, "monotonic", lambda: now)
    run = Counting(bench)
    sampler = Sampler(run, lambda: worked)
    for _ in range(60):
        await sampler.sample()
        now += 10
    # It is the database's clock that has not moved.
    assert run.names == ["samples/take", "samples/add_up", "samples/forget", *["samples/take"] * 9]
    run.names.clear()
    for _ in range(5):
        worked += 1
        await sampler.sample()
        now += 10
    assert run.names == ["samples/take"] * 5


async def test_of_several_one_does_it(bench: Bench) -> None:
    runs = [Counting(bench) for _ in range(5)]
    for run in runs:
        await Sampler(run, lambda: 0).sample()
    assert sorted(len(run.names) for run in runs) == [1, 1, 1, 1, 3]


async def test_workers_sample_what_they_do(
    migrated_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(job: Job) -> None: ...

    monkeypatch.setattr(housekeeping, "SAMPLE_INTERVAL", 0.5)
    async with Jobs(migrated_dsn, handlers={"t": handler}, handle_signals=False) as jobs:
        await jobs.start()
        await jobs.create_many([("t", {})] * 20)

        async def sampled() -> bool:
            # Something new, as whoever is quiet does not look.
            await jobs.create("t")
            [(count,)] = sql(
                migrated_dsn,
                "select coalesce(sum(completed), 0) from steve.sample "
                "where width = 10 and queue = ''",
            )
            return count >= 20

        await eventually_async(sampled, 30.0, what="a sample with all jobs")
