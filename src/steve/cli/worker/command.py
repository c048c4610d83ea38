"""`steve worker`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Any

import click

from steve.cli.common import Common, database_and_logs, run
from steve.cli.values import Duration, Queue, QueueChoice

CONCURRENCY = 10

_PYTHONS_OWN = {700, 2000}
"""Objects after which the youngest generation is collected: until Python 3.12, and from 3.13 on."""

_YOUNG = 20_000


@click.command()
@click.argument("target", metavar="MODULE[:ATTRIBUTE]")
@click.option(
    "--concurrency",
    "-c",
    type=click.IntRange(1, 10_000),
    default=CONCURRENCY,
    show_default=True,
    help="Handlers at once, in each process.",
)
@click.option(
    "--processes",
    "-p",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Processes; one that crashes is started again.",
)
@click.option(
    "--queue",
    "queues",
    type=Queue(),
    multiple=True,
    metavar="NAME[=N]",
    help="Queue to serve, with N handlers at most; several. [default: what the manager says]",
)
@click.option("--grace", type=Duration(), help="Time for running handlers when it is stopped.")
@click.option("--max-jobs", type=click.IntRange(1), help="End after about so many attempts.")
@click.option("--max-time", type=Duration(), help="End after so long: 12h.")
@click.option(
    "--probe-port", type=click.IntRange(0, 65_535), help="Answer /healthz and /readyz on this port."
)
@click.option("--probe-host", default="127.0.0.1", show_default=True, help="Address of the probe.")
@click.option("--report-fd", type=int, hidden=True)
@database_and_logs
def worker(common: Common, target: str, processes: int, **options: Any) -> None:
    """Run the jobs of a manager: MODULE:ATTRIBUTE is where it is, such as app:jobs.

    The module is looked for in the current folder too. The attribute may be dotted, and may be a
    function that returns the manager; left out, it is `jobs`.

    SIGTERM and Ctrl-C stop it gracefully: it claims nothing more, and running handlers may finish
    within the grace period. The second signal cancels them at once.
    With --processes, a process that reached --max-jobs or --max-time is replaced by a new one.

    \b
    steve worker app:jobs --concurrency 20 --queue default --queue mail=5
    """
    if processes > 1:
        code = _run_fleet(common, target, processes, options)
    else:
        code = _run_one(common, target, options)
    click.get_current_context().exit(code)


def _run_one(common: Common, target: str, options: dict[str, Any]) -> int:
    from steve.cli import logs
    from steve.cli.worker.serving import Plan, serve
    from steve.cli.worker.target import load

    jobs = load(target)
    _collect_less()
    # After the import, as a program may well have set up its own logging there.
    logs.set_up(common.verbosity, logs.INFO)
    queues: Sequence[QueueChoice] = options.pop("queues")
    plan = Plan(
        db=common.db,
        schema=common.schema,
        queues={queue.name: queue.concurrency for queue in queues} or None,
        **options,
    )
    return run(serve(jobs, plan), fast=True)


def _collect_less() -> None:
    """Spare the garbage collector what it cannot collect.

    What was imported stays, and the jobs in hand outlive the youngest generation: with Python's
    own threshold the collector takes up to a tenth of a busy worker's time. A program that has set
    its own keeps it.
    """
    young, *others = gc.get_threshold()
    if young in _PYTHONS_OWN:
        gc.set_threshold(_YOUNG, *others)
    gc.collect()
    gc.freeze()


def _run_fleet(common: Common, target: str, processes: int, options: dict[str, Any]) -> int:
    from steve.cli import logs
    from steve.cli.worker.fleet import Fleet, supervise

    logs.set_up(common.verbosity, logs.INFO)
    command = [sys.executable, "-m", "steve", "worker", target, *_arguments(common, options)]
    return run(
        supervise(
            Fleet(command, processes),
            probe_host=options["probe_host"],
            probe_port=options["probe_port"],
        )
    )


def _arguments(common: Common, options: dict[str, Any]) -> list[str]:
    """Say the options again, for one process of the fleet."""
    said: list[str] = [f"--concurrency={options['concurrency']}"]
    same = ("grace", "max_jobs", "max_time")
    said += [
        f"--{name.replace('_', '-')}={options[name]}" for name in same if options[name] is not None
    ]
    for name, concurrency in options["queues"]:
        said.append(f"--queue={name}" if concurrency is None else f"--queue={name}={concurrency}")
    if common.db is not None:
        said.append(f"--db={common.db}")
    if common.schema is not None:
        said.append(f"--schema={common.schema}")
    said += ["-v"] * common.verbosity if common.verbosity > 0 else ["-q"] * -common.verbosity
    return said
