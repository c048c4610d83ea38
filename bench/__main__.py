"""`python -m bench`: measure steve beside its peers, and write the report."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from bench.install import CACHE, Installer
from bench.plan import EVERYBODY, Plan, UnknownName, plan
from bench.records import Run, merged, read
from bench.report.document import publish, write
from bench.server import throw_away
from bench.session import Session
from steve.core.errors import EmbeddedUnavailable


@click.group(invoke_without_command=True)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="A workload, a peer or a contender such as pgqueuer/best; several, also by commas.",
)
@click.option("--quick", is_flag=True, help="A first look, in less than three minutes.")
@click.option("--rounds", type=click.IntRange(1, 100), help="Rounds, in place of 3 to 7.")
@click.option(
    "--scale",
    type=click.FloatRange(0.0001, 100),
    default=1.0,
    show_default=True,
    help="Multiplies jobs and rows.",
)
@click.option(
    "--publish/--no-publish",
    "published",
    default=None,
    help="Write into docs/. [default: only where everything was measured in full]",
)
@click.option(
    "--postgres", type=click.Path(path_type=Path), help="Folder with PostgreSQL's programs."
)
@click.option("--wheel-node", is_flag=True, help="Node from a wheel even where there is another.")
@click.option("--list", "listed", is_flag=True, help="List workloads and contenders, and end.")
@click.pass_context
def main(
    context: click.Context,
    only: tuple[str, ...],
    quick: bool,
    rounds: int | None,
    scale: float,
    published: bool | None,
    postgres: Path | None,
    wheel_node: bool,
    listed: bool,
) -> None:
    """Measure steve beside its peers on a throw-away PostgreSQL."""
    if context.invoked_subcommand is not None:
        return
    names = [name for text in only for name in text.split(",") if name]
    try:
        chosen = plan(names, quick=quick, scale=scale, rounds=rounds)
    except UnknownName as error:
        raise click.UsageError(str(error)) from None
    if listed:
        _list(chosen)
        return
    # As Ctrl-C does: with everything put away, and a report of what there is.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = CACHE / "runs" / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True)
    try:
        with throw_away(postgres) as server:
            run = Session(chosen, server, Installer(wheel_node=wheel_node), folder).measure()
    except EmbeddedUnavailable as error:
        raise click.ClickException(str(error)) from None
    complete = not (only or quick or rounds or scale != 1.0)
    _deliver(run, folder, publishing=complete if published is None else published)


@main.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--publish/--no-publish", "published", default=False, help="Write into docs/.")
def report(runs: tuple[Path, ...], published: bool) -> None:
    """Write the report of earlier runs again; a later run takes the place of an earlier one."""
    run = merged(read(path) for path in runs)
    # As Ctrl-C does: with everything put away, and a report of what there is.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = CACHE / "runs" / "merged"
    folder.mkdir(parents=True, exist_ok=True)
    _deliver(run, folder, publishing=published)


def _deliver(run: Run, folder: Path, *, publishing: bool) -> None:
    click.echo(write(run, folder))
    click.echo(f"records, tables and plots are in {folder}", err=True)
    if publishing:
        click.echo(f"written into {publish(run)}", err=True)
    if not any(not record.error for record in run.records):
        sys.exit(1)


def _list(chosen: Plan) -> None:
    cells = chosen.cells()
    for workload in chosen.workloads:
        mine = [cell for cell in cells if cell.workload is workload]
        minutes = sum(chosen.expected(cell) for cell in mine) / 60
        click.echo(
            f"{workload.name:<20} {workload.title}: {len(mine)} measurements, {minutes:.0f} min"
        )
    click.echo()
    for contender in EVERYBODY:
        click.echo(f"{contender.name:<24} {contender.settings}")
    minutes = sum(chosen.expected(cell) for cell in cells) / 60
    click.echo(f"\n{len(cells)} measurements, about {minutes:.0f} min without installing")


if __name__ == "__main__":
    main()
