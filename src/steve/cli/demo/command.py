"""`steve demo`."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from steve.cli.common import CONNECT_TIMEOUT, Common, common_but, run
from steve.cli.database import connection, embedded
from steve.cli.output import document, note
from steve.cli.values import Duration

if TYPE_CHECKING:
    from socket import socket

    from steve.cli.demo.tally import Summary


@click.command()
@click.option("--seconds", type=Duration(), help="End by itself after that long: 30, 30s, 5m.")
@click.option(
    "--concurrency", type=click.IntRange(1, 1000), default=2, show_default=True, help="Handlers."
)
@common_but(
    "Database, such as postgresql://user@host/name. Without it: the embedded PostgreSQL.",
    "Schema of the tables. [default: steve_demo]",
)
def demo(common: Common, seconds: float | None, concurrency: int) -> None:
    """Show steve at work: a feed of jobs, and handlers that fail half of the attempts.

    The first line that it prints is the address of its monitor, for your browser.

    It runs on the embedded PostgreSQL, or on the database that --db names; DATABASE_URL and
    STEVE_DATABASE_URL do not count here. It keeps to a schema of its own, steve_demo.
    With --json it prints a summary at its end: {"seconds", "created", "completed", "failed",
    "cancelled", "retried", "pending"}.
    """
    if seconds == 0:
        raise click.BadParameter("must be more than 0", param_hint="--seconds")
    summary = run(_demo(common, seconds, concurrency))
    if common.json:
        document(summary)
        return
    click.echo(
        f"{summary.seconds:.0f} s: {summary.created} created, {summary.completed} completed, "
        f"{summary.failed} failed, {summary.cancelled} cancelled, {summary.retried} retried, "
        f"{summary.pending} still pending"
    )


async def _demo(common: Common, seconds: float | None, concurrency: int) -> Summary:
    from steve.cli.demo.page import reserved, served
    from steve.cli.demo.play import SCHEMA, handle
    from steve.cli.demo.stage import play
    from steve.database.dsn import location
    from steve.jobs.manager import Jobs

    schema = SCHEMA if common.schema is None else common.schema
    with reserved() as listening:
        _tell(common, listening)
        async with _database(common.db) as dsn:
            if schema != SCHEMA:
                await _refuse_others(dsn, schema)
            jobs = Jobs(
                dsn,
                schema=schema,
                handler=handle,
                connect_timeout=CONNECT_TIMEOUT,
                handle_signals=False,
            )
            where = f"steve demo on {location(dsn)}, schema {schema}"
            async with jobs, served(jobs, listening):
                return await play(jobs, common, where, seconds, concurrency)


def _tell(common: Common, listening: socket | None) -> None:
    """Say first of all where the monitor is, or how to get it."""
    from steve.cli.demo.page import MISSING, address

    if listening is None:
        note(MISSING)
    elif common.json:
        note(address(listening))
    else:
        click.echo(address(listening))
        sys.stdout.flush()
    if common.verbosity <= 0:
        # The monitor shows what handlers log.
        logging.getLogger("steve.job").setLevel(logging.ERROR)


@asynccontextmanager
async def _database(db: str | None) -> AsyncGenerator[str, None]:
    """Give the database that was named on the command line, else the embedded one.

    Never one from the environment: that may be where real work is done.
    """
    if db is not None:
        yield db
        return
    async with embedded() as dsn:
        yield dsn


async def _refuse_others(dsn: str, schema: str) -> None:
    """Keep out of a schema that holds anything but the demo's jobs."""
    from steve.cli.demo.play import TYPES
    from steve.database.migrate import version
    from steve.sql import quoted

    async with connection(dsn) as connected:
        if await version(connected, schema) == 0:
            return
        query = (
            f"select 1 from {quoted(schema).replace('%', '%%')}.jobs where type <> all(%s) limit 1"
        )
        cursor = await connected.execute(query.encode(), [list(TYPES)])
        if await cursor.fetchone():
            raise click.BadParameter(
                f"{schema!r} holds other jobs than the demo's: choose a schema of its own",
                param_hint="--schema",
            )
