"""`steve bench`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from steve.cli.common import Common, common, run
from steve.cli.database import located
from steve.cli.output import document, note

if TYPE_CHECKING:
    from steve.cli.bench.report import Report


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: jobs of a drain, handlers, repetitions, samples of the latency."""

    count: int
    concurrency: int
    rounds: int
    samples: int


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
def bench(common: Common, **options: int) -> None:
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
    report = run(_bench(common, Plan(**options)), fast=True)
    if common.json:
        document(report)
        return
    from steve.cli.bench.report import print_report

    print_report(report)


async def _bench(common: Common, plan: Plan) -> Report:
    import asyncio
    import signal

    from steve.cli.bench.rounds import measure
    from steve.cli.bench.scratch import scratch
    from steve.database.dsn import location

    task = asyncio.current_task()
    if task is not None:
        # As Ctrl-C does: with everything put away.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with located(common.db) as dsn, scratch(dsn) as place:
        if common.verbosity >= 0:
            note(
                f"measuring on {location(dsn)} in the schema {place.schema}, "
                "which is dropped afterwards"
            )
        return await measure(place, plan)
