"""`steve queue`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from steve.cli.common import Common, common, run
from steve.cli.job_view import moment
from steve.cli.output import console, document, note, shown, table
from steve.cli.values import Moment

if TYPE_CHECKING:
    from steve.operations.queue import QueueInfo

_COLUMNS = ("queue", "ready", "scheduled", "running", "workers", "state")
_NUMBERS = ("ready", "scheduled", "running", "workers")


@click.group()
def queue() -> None:
    """Look at queues, pause and resume them."""


@queue.command("list")
@common
def list_queues(common: Common) -> None:
    """List the queues that have jobs, workers or settings.

    With --json: {"queues": [{"name", "ready", "scheduled", "running", "workers", "paused",
    "paused_at", "paused_until", "paused_by"}]}.
    """
    queues = run(_list(common))
    if common.json:
        document({"queues": queues})
        return
    if not queues:
        note("no queues yet")
        return
    rows = [
        (queue.name, queue.ready, queue.scheduled, queue.running, queue.workers, _state(queue))
        for queue in queues
    ]
    styles = ["yellow" if queue.paused else None for queue in queues]
    console().print(table(_COLUMNS, rows, styles=styles, numbers=_NUMBERS))


async def _list(common: Common) -> list[QueueInfo]:
    async with common.jobs() as jobs:
        return await jobs.queues.list()


def _state(queue: QueueInfo) -> str:
    if not queue.paused:
        return "open" if queue.workers else "no worker"
    until = f" until {moment(queue.paused_until)}" if queue.paused_until else ""
    who = f" by {queue.paused_by}" if queue.paused_by else ""
    return f"paused{until}{who}"


@queue.command()
@click.argument("name")
@click.option("--until", type=Moment(), help="A time, or how long: 30m. [default: until resumed]")
@common
def pause(common: Common, name: str, until: datetime | timedelta | None) -> None:
    """Start no more jobs of a queue. Running ones go on; a queue not seen yet may be paused too."""
    run(_pause(common, name, until))
    if common.json:
        document({"queue": name, "paused": True})
    else:
        note(f"queue {shown(name)} is paused")


async def _pause(common: Common, name: str, until: datetime | timedelta | None) -> None:
    async with common.jobs() as jobs:
        await jobs.queues.pause(name, until=until)


@queue.command()
@click.argument("name")
@common
def resume(common: Common, name: str) -> None:
    """Let a paused queue go on."""
    changed = run(_resume(common, name))
    if common.json:
        document({"queue": name, "paused": False, "changed": changed})
    else:
        note(f"queue {shown(name)} goes on" if changed else f"queue {shown(name)} was not paused")


async def _resume(common: Common, name: str) -> bool:
    async with common.jobs() as jobs:
        return bool(await jobs.queues.resume(name))
