"""The live table of the demo."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from steve.cli.job_view import clock
from steve.cli.output import STATUS_STYLES, console, shown, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from steve.cli.demo.tally import Tally
    from steve.core.job import Job
    from steve.jobs.manager import Jobs

REFRESH = 0.5
"""Seconds between two looks at the database."""

MOST_ROWS = 25
_OTHER_LINES = 8
_COLUMNS = ("id", "uid", "status", "type", "attempts", "created", "started", "completed")
_WORDS = {
    "created": "created",
    "started": "started",
    "completed": "completed",
    "failed": "failed",
    "retried": "will be tried again",
}


class Screen:
    """Shows the latest jobs until it is closed, then once more how it ended."""

    def __init__(self, jobs: Jobs, tally: Tally, where: str) -> None:
        self._jobs = jobs
        self._tally = tally
        self._where = where
        self._closed = asyncio.Event()

    async def run(self) -> None:
        """Look at the database and draw, again and again."""
        from rich.live import Live

        screen = console()
        with Live(console=screen, auto_refresh=False) as live:
            while True:
                closed = self._closed.is_set()
                rows = max(3, min(MOST_ROWS, screen.height - _OTHER_LINES))
                latest = await self._jobs.fetch_all(limit=rows)
                live.update(_picture(latest, self._tally, self._where), refresh=True)
                if closed:
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closed.wait(), REFRESH)

    def close(self) -> None:
        """Draw a last time."""
        self._closed.set()


def tell_line(what: str, job: Job) -> None:
    """Print what happened to a job on a line of its own, where there is no terminal."""
    attempt = f" attempt {job.attempts}/{job.max_attempts}" if job.attempts else ""
    error = f": {job.error}" if what in ("failed", "retried") and job.error else ""
    click.echo(shown(f"{job.uid} {job.type}{attempt} {_WORDS.get(what, what)}{error}"))


def tell_nobody(what: str, job: Job) -> None:
    """Print nothing: the table shows it."""


def _picture(latest: list[Job], tally: Tally, where: str) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    counts = Text("  ").join(
        [
            Text(f"{tally.counts['created']} created"),
            Text(f"{tally.unfinished - tally.running} pending", style=STATUS_STYLES["pending"]),
            Text(f"{tally.running} running", style=STATUS_STYLES["running"]),
            Text(f"{tally.counts['completed']} completed", style=STATUS_STYLES["completed"]),
            Text(f"{tally.counts['failed']} failed", style=STATUS_STYLES["failed"]),
            Text(f"{tally.counts['retried']} retries"),
            Text(f"{tally.rate():.2f} jobs/s"),
        ]
    )
    rows = [
        (
            job.id,
            f"{str(job.uid)[-8:]}",
            job.status,
            job.type,
            f"{job.attempts}/{job.max_attempts}",
            clock(job.created_at),
            clock(job.started_at),
            _completed(job),
        )
        for job in latest
    ]
    return Group(
        Text(where, style="bold", no_wrap=True, overflow="ellipsis"),
        counts,
        Text(),
        table(
            _COLUMNS,
            rows,
            styles=[STATUS_STYLES.get(job.status) for job in latest],
            numbers=("id", "attempts"),
        ),
        Text(),
        Text("Ctrl-C stops the demo", style="dim"),
    )


def _completed(job: Job) -> str:
    if job.completed_at is None:
        return ""
    seconds = (job.completed_at - job.created_at).total_seconds()
    return f"{clock(job.completed_at)} (+{seconds:.1f} s)"
