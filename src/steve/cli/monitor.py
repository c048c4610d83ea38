"""`steve monitor`."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import click

from steve.cli.common import Common, database_and_logs, run

if TYPE_CHECKING:
    from collections.abc import Sequence

PORT = 8585


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; another one than this machine's own takes a token.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=PORT,
    show_default=True,
    help="Port; 0 takes a free one.",
)
@click.option(
    "--actions", is_flag=True, help="Let viewers retry, cancel, delete, pause and stop, too."
)
@click.option(
    "--token",
    envvar="STEVE_MONITOR_TOKEN",
    show_envvar=True,
    help="What viewers have to know: they are asked for it, or come with ?token=….",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Name under which it may be asked for; several. [default: this machine; any with a token]",
)
@click.option("--title", help="What the pages are headed with.")
@database_and_logs
def monitor(common: Common, token: str | None, **options: Any) -> None:
    """Show the jobs in a browser, and with --actions steer them.

    Without a token it answers nobody but this machine.
    """
    from steve.cli import logs

    try:
        from steve.monitor.guard.hosts import is_this_machine
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f'the monitor needs {error.name}: pip install "pg-steve[monitor]"'
        ) from None
    logs.set_up(common.verbosity)
    if not token and not is_this_machine(options["host"]):
        raise click.UsageError(
            f"--host {options['host']} can be reached from other machines: "
            "pass --token, or set STEVE_MONITOR_TOKEN"
        )
    run(_serve(common, token or None, **options), fast=True)


async def _serve(
    common: Common,
    token: str | None,
    *,
    host: str,
    port: int,
    actions: bool,
    hosts: Sequence[str],
    title: str | None,
) -> None:
    import asyncio

    from steve.monitor.serving import serve

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with common.jobs() as jobs:
        application = jobs.monitor(actions=actions, auth=token, hosts=hosts or None, title=title)
        try:
            async with serve(application, host, port) as url:
                click.echo(f"the monitor is at {url}")
                await stopped.wait()
        except OSError as error:
            raise click.ClickException(f"{host}:{port}: {error.strerror or error}") from None
