"""`steve list` and `steve show`."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from steve.cli.common import Common, common, run
from steve.cli.filters import filters
from steve.cli.job_view import (
    attempt_document,
    attempts_table,
    job_document,
    job_lines,
    jobs_table,
)
from steve.cli.output import STATUS_STYLES, console, document, json_line, note, shown
from steve.cli.values import Duration, Uid

if TYPE_CHECKING:
    from steve.core.job import Attempt, Job
    from steve.jobs.manager import Jobs

_PAGE = 500


@click.command("list")
@filters
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Most jobs.")
@click.option("--after", type=int, metavar="ID", help="Continue behind the job with this id.")
@click.option("--ascending", is_flag=True, help="The oldest first, instead of the newest.")
@click.option(
    "--watch",
    type=Duration(),
    is_flag=False,
    flag_value="1",
    metavar="[SECONDS]",
    help="Look again every second, or every so many, until Ctrl-C.",
)
@common
def list_jobs(common: Common, limit: int, watch: float | None, **choice: Any) -> None:
    """List jobs, the newest first.

    With --json one job a line, in the shape that `steve show --json` has under "job"; with
    --json --watch a line for each job that is new or has changed.
    """
    if watch is not None:
        _check_watch(common, watch)
        # Ctrl-C is how it ends.
        with suppress(KeyboardInterrupt):
            run(_watch(common, limit, watch, choice))
        return
    jobs = run(_list(common, limit, choice))
    if common.json:
        for job in jobs:
            json_line(job_document(job))
        return
    if not jobs:
        note("no such jobs" if any(choice.values()) else "no jobs")
        return
    console().print(jobs_table(jobs))
    if len(jobs) == limit and common.verbosity >= 0:
        note(f"more may follow: --after {jobs[-1].id}")


def _check_watch(common: Common, seconds: float) -> None:
    if seconds <= 0:
        raise click.BadParameter("must be more than 0", param_hint="--watch")
    if not (common.json or sys.stdout.isatty()):
        raise click.UsageError(
            "--watch draws on a terminal; elsewhere --json --watch prints what changes"
        )


async def _watch(common: Common, limit: int, seconds: float, choice: dict[str, Any]) -> None:
    from steve.cli.watch import watch_lines, watch_table

    async with common.jobs() as jobs:
        show = watch_lines if common.json else watch_table
        await show(lambda most: _read(jobs, most, choice), limit, seconds)


async def _list(common: Common, limit: int, choice: dict[str, Any]) -> list[Job]:
    async with common.jobs() as jobs:
        return await _read(jobs, limit, choice)


async def _read(jobs: Jobs, limit: int, choice: dict[str, Any]) -> list[Job]:
    """Read page by page: a single statement for a great many jobs might run out of time."""
    found: list[Job] = []
    while len(found) < limit:
        size = min(_PAGE, limit - len(found))
        page = await jobs.fetch_all(limit=size, **choice)
        found += page
        if len(page) < size:
            break
        choice = {**choice, "after": page[-1].id}
    return found


@click.command()
@click.argument("uid", type=Uid())
@click.option("--attempts", "with_attempts", is_flag=True, help="Show each attempt too.")
@common
def show(common: Common, uid: UUID, with_attempts: bool) -> None:
    """Show everything about a job."""
    job, attempts = run(_show(common, uid, with_attempts))
    if common.json:
        listed = None if attempts is None else [attempt_document(attempt) for attempt in attempts]
        document({"job": job_document(job), "attempts": listed})
        return
    from rich.text import Text

    screen = console()
    for name, value in job_lines(job):
        style = STATUS_STYLES.get(value, "") if name == "status" else ""
        screen.print(Text.assemble((f"{name:<12}", "bold"), (value, style)))
    if attempts:
        screen.print()
        screen.print(attempts_table(attempts))
        for attempt in attempts:
            _print_traceback(attempt)


async def _show(common: Common, uid: UUID, with_attempts: bool) -> tuple[Job, list[Attempt] | None]:
    from steve.core.errors import JobNotFound

    async with common.jobs() as jobs:
        job, attempts = await jobs.find(uid, with_attempts=with_attempts)
    if job is None:
        raise JobNotFound(uid)
    return job, attempts


def _print_traceback(attempt: Attempt) -> None:
    trace = (attempt.error_details or {}).get("traceback")
    if trace:
        lines = "\n".join(shown(line) for line in str(trace).splitlines())
        click.echo(f"\nattempt {attempt.attempt_number}:\n{lines}")
