"""The command."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import click

from steve.cli.common import CONNECT_TIMEOUT, Common, database_and_logs, run
from steve.cli.database import NAME, located
from steve.cli.values import Duration


@click.command()
@click.option(
    "--interval",
    type=Duration(),
    default="1s",
    show_default=True,
    help="Time between two looks; it grows by itself where looking takes long.",
)
@database_and_logs
def top(common: Common, interval: float) -> None:
    """Watch queues, workers, running jobs and failures on the terminal, and steer them.

    Keys: Tab goes from pane to pane, Enter shows more; p pauses or resumes a queue, r retries a
    job, c cancels one, / filters, ? shows the other keys, q quits.
    """
    if find_spec("textual") is None:
        raise click.ClickException('`steve top` needs textual: pip install "pg-steve[top]"')
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise click.UsageError("`steve top` needs a terminal; see `steve list --watch --json`")
    if interval <= 0:
        raise click.BadParameter("must be more than 0", param_hint="--interval")
    from steve.cli import logs

    logs.set_up(common.verbosity)
    run(_top(common, interval))


async def _top(common: Common, interval: float) -> None:
    from steve.cli.top.look import Looker
    from steve.cli.top.screen import Top
    from steve.database.database import Database
    from steve.database.dsn import location

    async with located(common.db) as dsn, common.jobs() as jobs:
        database = Database(
            dsn, common.chosen_schema, name=NAME, connect_timeout=CONNECT_TIMEOUT, max_connections=1
        )
        try:
            looker = Looker(database)
            # What is wrong with the database from the start is said without the screen.
            first = await looker.look()
            where = f"{location(dsn)}, schema {common.chosen_schema}"
            await Top(jobs, looker, first, where, interval).run_async()
        finally:
            await database.close()
