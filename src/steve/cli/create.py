"""`steve create`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from steve.cli.common import Common, common, run
from steve.cli.job_view import job_document, moment
from steve.cli.output import document, note, shown
from steve.cli.values import (
    STANDARD_INPUT,
    Duration,
    Instant,
    Json,
    MetaItem,
    read_json,
)

if TYPE_CHECKING:
    from steve.core.job import Job


@click.command()
@click.argument("type")
@click.argument("payload", type=Json(), default=None, required=False)
@click.option("--queue", metavar="NAME", help="Queue. [default: default]")
@click.option("--priority", type=int, help="-100 to 100, higher first. [default: 0]")
@click.option("--delay", type=Duration(), help="Start that much later: 90, 90s, 5m, 1h30m, 2d.")
@click.option("--run-at", type=Instant(), help="Start then: 2026-05-01T08:30:00Z.")
@click.option("--max-attempts", type=int, help="1 to 32767. [default: 3]")
@click.option("--max-crashes", type=int, help="Worker deaths it survives. [default: 3]")
@click.option("--backoff", "backoff_strategy", metavar="NAME", help="exp or none. [default: exp]")
@click.option("--timeout", type=Duration(), help="Longest time of one attempt.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="A tag; several are possible.")
@click.option("--meta", type=MetaItem(), multiple=True, help="KEY=TEXT or KEY:=JSON; several.")
@common
def create(
    common: Common,
    type: str,
    payload: Any,
    tags: tuple[str, ...],
    meta: tuple[tuple[str, Any], ...],
    **given: Any,
) -> None:
    """Create a job of TYPE and print its uid.

    PAYLOAD is a JSON document, `-` to read it from standard input, {} when left out.

    \b
    steve create send_email '{"to": "ada@example.org"}' --delay 5m
    """
    options: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if tags:
        options["tags"] = list(tags)
    if meta:
        options["meta"] = dict(meta)
    if payload is STANDARD_INPUT:
        payload = _from_input()
    job = run(_create(common, type, payload, options))
    if common.json:
        document(job_document(job))
        return
    click.echo(job.uid)
    if common.verbosity >= 0:
        note(_described(job, later="run_at" in options or "delay" in options))


async def _create(common: Common, type: str, payload: Any, options: dict[str, Any]) -> Job:
    async with common.jobs(migrate="auto") as jobs:
        return await jobs.create(type, payload, **options)


def _from_input() -> Any:
    try:
        return read_json(sys.stdin.buffer.read().decode())
    except ValueError as error:
        # UnicodeDecodeError is a ValueError too.
        raise click.BadParameter(f"standard input is not JSON: {error}") from None


def _described(job: Job, *, later: bool) -> str:
    when = f", to start {moment(job.run_at)}" if later else ""
    return f"created {shown(job.type)} in queue {shown(job.queue)}{when}"
