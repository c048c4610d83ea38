"""The rounds of a benchmark, each with a new worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steve.cli.bench.command import Plan
from steve.cli.bench.facts import facts
from steve.cli.bench.measure import create, create_many, drain, latency
from steve.cli.bench.process import worker
from steve.cli.bench.report import Pickup, Rates, Report
from steve.cli.bench.scratch import Scratch
from steve.cli.output import progress
from steve.database.dsn import location
from steve.jobs.manager import Jobs

if TYPE_CHECKING:
    from rich.progress import Progress

CREATES = 2000
"""Jobs created one by one, at most."""


async def measure(place: Scratch, plan: Plan) -> Report:
    """Measure everything, with a progress bar."""
    before = await facts(place)
    jobs = Jobs(place.dsn, schema=place.schema, migrate="never", handle_signals=False)
    async with jobs:
        with progress() as bar:
            creates, manies, drains = await _rates(jobs, place, plan, bar)
            pickup = await _pickup(jobs, place, plan, bar) if plan.samples else None
    return Report(
        database=location(place.dsn),
        schema=place.schema,
        facts=before,
        concurrency=plan.concurrency,
        create=Rates.of(min(plan.count, CREATES), creates),
        create_many=Rates.of(plan.count, manies),
        drain=Rates.of(plan.count, drains),
        pickup=pickup,
    )


async def _rates(
    jobs: Jobs, place: Scratch, plan: Plan, bar: Progress
) -> tuple[list[float], list[float], list[float]]:
    """Measure the three rates in each round."""
    singles = min(plan.count, CREATES)
    creating = bar.add_task("create", total=singles * plan.rounds)
    draining = bar.add_task("create_many and drain", total=plan.count * plan.rounds)
    creates: list[float] = []
    manies: list[float] = []
    drains: list[float] = []
    for _ in range(plan.rounds):
        await place.empty()
        creates.append(await create(jobs, singles, lambda done: bar.advance(creating, done)))
        await place.empty()
        manies.append(await create_many(jobs, plan.count))
        await place.settle()
        async with worker(place, plan.concurrency) as process:
            rate = drain(place, plan.count, lambda done: bar.advance(draining, done))
            drains.append(await process.during(rate))
    return creates, manies, drains


async def _pickup(jobs: Jobs, place: Scratch, plan: Plan, bar: Progress) -> Pickup:
    """Measure how soon a single job is started."""
    await place.empty()
    task = bar.add_task("pickup", total=plan.samples)
    async with worker(place, plan.concurrency) as process:
        from_call, from_return = await process.during(
            latency(jobs, place, plan.samples, lambda done: bar.advance(task, done))
        )
    return Pickup(plan.samples, from_call, from_return)
