"""`steve bench`."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import click

from steve.cli.common import Common, common, run
from steve.cli.database import located
from steve.cli.output import document, note, progress

if TYPE_CHECKING:
    from rich.progress import Progress

    from steve.cli.bench.report import Pickup, Report
    from steve.cli.bench.scratch import Scratch
    from steve.jobs.manager import Jobs

CREATES = 2000
"""Jobs created one by one, at most."""


@click.command()
@click.option(
    "--jobs",
    "count",
    type=click.IntRange(100, 10_000_000),
    default=50_000,
    show_default=True,
    help="Jobs to create at once and to drain.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="Handlers of the worker.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="Repetitions of the rates.",
)
@click.option(
    "--samples",
    type=click.IntRange(0, 100_000),
    default=200,
    show_default=True,
    help="Samples of the pickup latency; 0 leaves it out.",
)
@common
def bench(common: Common, count: int, concurrency: int, rounds: int, samples: int) -> None:
    """Measure throughput and latency on this machine and this database.

    It works in a schema of its own, which it drops at the end, also upon Ctrl-C. The jobs do
    nothing, but have all their history written. The worker is one process, and is started
    before the clock is; the rate of the drain is that of the database's clock, from the first
    claim to the last finish.
    With --json: {"database", "schema", "facts", "concurrency", "create", "create_many",
    "drain", "pickup"}; rates are jobs per second, latencies milliseconds.
    """
    if common.schema is not None:
        raise click.UsageError("bench makes a schema of its own: --schema has no meaning here")
    report = run(_bench(common, count, concurrency, rounds, samples))
    if common.json:
        document(report)
        return
    from steve.cli.bench.report import print_report

    print_report(report)


async def _bench(common: Common, count: int, concurrency: int, rounds: int, samples: int) -> Report:
    from steve.cli.bench.facts import facts
    from steve.cli.bench.report import Rates, Report
    from steve.cli.bench.scratch import scratch
    from steve.database.dsn import location
    from steve.jobs.manager import Jobs

    _end_on_sigterm()
    async with located(common.db) as dsn, scratch(dsn) as place:
        where = location(dsn)
        if common.verbosity >= 0:
            note(f"measuring on {where} in the schema {place.schema}, which is dropped afterwards")
        jobs = Jobs(dsn, schema=place.schema, migrate="never", handle_signals=False)
        async with jobs:
            with progress() as bar:
                creates, manies, drains = await _rates(jobs, place, bar, count, concurrency, rounds)
                pickup = await _pickup(jobs, place, bar, concurrency, samples)
        return Report(
            database=where,
            schema=place.schema,
            facts=await facts(place),
            concurrency=concurrency,
            create=Rates.of(min(count, CREATES), creates),
            create_many=Rates.of(count, manies),
            drain=Rates.of(count, drains),
            pickup=pickup,
        )


def _end_on_sigterm() -> None:
    """Let SIGTERM end the command as Ctrl-C does, with everything put away."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def _rates(
    jobs: Jobs, place: Scratch, bar: Progress, count: int, concurrency: int, rounds: int
) -> tuple[list[float], list[float], list[float]]:
    """Measure the three rates, `rounds` times each."""
    from steve.cli.bench.measure import create, create_many, drain
    from steve.cli.bench.process import worker

    singles = min(count, CREATES)
    creating = bar.add_task("create", total=singles * rounds)
    draining = bar.add_task("create_many and drain", total=count * rounds)
    creates: list[float] = []
    manies: list[float] = []
    drains: list[float] = []
    for _ in range(rounds):
        await place.empty()
        creates.append(await create(jobs, singles, lambda done: bar.advance(creating, done)))
        await place.empty()
        manies.append(await create_many(jobs, count))
        await place.settle()
        async with worker(place, concurrency) as process:
            rate = drain(place, count, lambda done: bar.advance(draining, done))
            drains.append(await process.during(rate))
    return creates, manies, drains


async def _pickup(
    jobs: Jobs, place: Scratch, bar: Progress, concurrency: int, samples: int
) -> Pickup | None:
    """Measure how soon a single job is started."""
    from steve.cli.bench.measure import latency
    from steve.cli.bench.process import worker
    from steve.cli.bench.report import Pickup

    if samples == 0:
        return None
    await place.empty()
    task = bar.add_task("pickup", total=samples)
    async with worker(place, concurrency) as process:
        from_call, from_return = await process.during(
            latency(jobs, place, samples, lambda done: bar.advance(task, done))
        )
    return Pickup(samples, from_call, from_return)
