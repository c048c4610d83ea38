"""`steve health`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from steve.cli.common import Common, common, run
from steve.cli.job_view import span
from steve.cli.output import STATUS_STYLES, console, document, shown, table
from steve.cli.values import Duration

if TYPE_CHECKING:
    from rich.console import RenderableType

    from steve.jobs.health import Health

_MEBIBYTE = 1 << 20


@click.command()
@click.option(
    "--since",
    type=Duration(),
    default="1h",
    show_default=True,
    help="How far back to look at jobs that have ended: 90s, 5m, 2h, 7d.",
)
@common
def health(common: Common, since: float) -> None:
    """Show how the whole is doing: jobs and how long they take, workers, the database.

    With --json: {"counts", "jobs", "oldest_ready", "unhandled_types", "workers", "latency",
    "version", "now", "connections", "connections_needed", "max_connections"}; durations are in
    seconds.
    """
    found = run(_health(common, since))
    if common.json:
        document(found)
        return
    screen = console()
    for line in _summary(found, since):
        click.echo(line)
    if found.workers:
        screen.print()
        screen.print(_workers(found))
    if found.jobs:
        screen.print()
        screen.print(_jobs(found))


async def _health(common: Common, since: float) -> Health:
    async with common.jobs() as jobs:
        return await jobs.health(since)


def _summary(found: Health, since: float) -> list[str]:
    counts = ", ".join(f"{count:,} {status}" for status, count in sorted(found.counts.items()))
    waits = found.oldest_ready
    lines = [
        f"database   PostgreSQL {found.version}, answers in {found.latency * 1000:.1f} ms, "
        f"{found.connections} of {found.max_connections} connections in use, "
        f"{found.connections_needed} needed by the workers",
        f"workers    {len(found.workers) or 'none'}",
        f"jobs       {counts or 'none'} (those that ended: in the last {span(since)})",
        "waiting    nothing" if waits is None else f"waiting    for {span(waits)} the oldest",
    ]
    if found.unhandled_types:
        types = ", ".join(map(shown, found.unhandled_types))
        lines.append(f"unhandled  no live worker takes jobs of type {types}")
    return lines


def _workers(found: Health) -> RenderableType:
    columns = ("worker", "name", "queues", "types", "running", "lease", "memory", "version", "")
    rows = [
        (
            worker.id,
            worker.name,
            ", ".join(worker.queues),
            "all" if worker.types is None else len(worker.types),
            f"{worker.running}/{worker.concurrency}",
            span(worker.lease_left),
            "" if worker.memory is None else f"{worker.memory / _MEBIBYTE:.0f} MiB",
            worker.version,
            "stopping" if worker.stopping else "",
        )
        for worker in found.workers
    ]
    return table(columns, rows, numbers=("worker", "types", "running", "lease", "memory"))


def _jobs(found: Health) -> RenderableType:
    columns = ("status", "type", "queue", "jobs", "mean", "median", "p95", "p99")
    rows = [
        (
            row.status,
            row.type,
            row.queue,
            f"{row.count:,}",
            span(row.mean),
            span(row.p50),
            span(row.p95),
            span(row.p99),
        )
        for row in found.jobs
    ]
    styles = [STATUS_STYLES.get(row.status) for row in found.jobs]
    return table(columns, rows, styles=styles, numbers=columns[3:])
