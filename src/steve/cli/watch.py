"""`steve list --watch`: the list again and again."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from steve.cli.job_view import job_document, jobs_table
from steve.cli.looks import looks
from steve.cli.output import console, json_line, note, shown

if TYPE_CHECKING:
    from rich.console import RenderableType

    from steve.core.job import Job

Read = Callable[[int], Awaitable[list["Job"]]]
"""Reads so many jobs at most."""

_OTHER_LINES = 6
"""Lines that are not jobs: the heading, and what is said below the table."""

_WIDE = 120
"""Columns from which on the table has room for everything."""


async def watch_table(read: Read, limit: int, seconds: float) -> None:
    """Show a table in place of the one before, until cancelled. It fits the terminal."""
    from rich.live import Live

    screen = console()

    async def look() -> list[Job]:
        return await read(max(1, min(limit, screen.height - _OTHER_LINES)))

    jobs: list[Job] = []
    with Live(console=screen, auto_refresh=False) as live:
        async for seen in looks(look, seconds):
            jobs = jobs if seen.found is None else seen.found
            table = jobs_table(jobs, narrow=screen.width < _WIDE)
            live.update(_picture(table, bool(jobs), seconds, seen.trouble), refresh=True)


def _picture(
    table: RenderableType, any_jobs: bool, seconds: float, trouble: str | None
) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    if trouble is None:
        last = Text(f"every {seconds:g} s  {time.strftime('%H:%M:%S')}  Ctrl-C ends it", "dim")
    else:
        last = Text(shown(trouble), "red")
    return Group(table, Text("" if any_jobs else "no such jobs"), last)


async def watch_lines(read: Read, limit: int, seconds: float) -> None:
    """Print a line of JSON for each job that is new or not as it was, until cancelled."""
    known: dict[UUID, bytes] = {}
    trouble: str | None = None
    async for seen in looks(lambda: read(limit), seconds):
        if seen.trouble is not None and seen.trouble != trouble:
            note(shown(seen.trouble))
        trouble = seen.trouble
        if seen.found is None:
            continue
        now = {job.uid: msgspec.json.encode(job, enc_hook=str) for job in seen.found}
        for job in sorted(seen.found, key=lambda job: job.id):
            if known.get(job.uid) != now[job.uid]:
                json_line(job_document(job))
        known = now
