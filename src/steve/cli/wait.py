"""`steve wait`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import click

from steve.cli.common import Common, common, run
from steve.cli.job_view import job_document
from steve.cli.output import document, note, shown
from steve.cli.values import Duration, Uid

if TYPE_CHECKING:
    from steve.core.job import Job

EXIT_NOT_COMPLETED = 1
EXIT_TIMEOUT = 3


@click.command()
@click.argument("uid", type=Uid())
@click.option("--timeout", type=Duration(), help="Give up after that long: 30, 30s, 5m.")
@common
@click.pass_context
def wait(context: click.Context, common: Common, uid: UUID, timeout: float | None) -> None:
    """Wait until a job is over, wherever it runs, and print its result as JSON.

    Exit codes: 0 completed; 1 failed, cancelled or expired; 3 not over within --timeout.
    """
    try:
        job = run(_wait(common, uid, timeout))
    except TimeoutError:
        note(f"Error: job {uid} is not over after {timeout:g} s")
        context.exit(EXIT_TIMEOUT)
    if common.json:
        document(job_document(job))
    elif job.status == "completed":
        document(job.result)
    if job.status != "completed":
        reason = f": {job.error}" if job.error else ""
        note(shown(f"Error: job {job.type} {uid} is {job.status}{reason}"))
        context.exit(EXIT_NOT_COMPLETED)


async def _wait(common: Common, uid: UUID, timeout: float | None) -> Job:
    async with common.jobs() as jobs:
        return await jobs.wait(uid, timeout)
