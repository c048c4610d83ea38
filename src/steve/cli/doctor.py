"""`steve doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from steve.cli.common import CONNECT_TIMEOUT, Common, common, run
from steve.cli.output import console, document, shown

if TYPE_CHECKING:
    from rich.text import Text

    from steve.jobs.doctor.check import Check, Diagnosis

_STYLES = {"error": "bold red", "warning": "yellow", "unknown": "magenta", "ok": "green"}
_NAMES = 12
"""Columns for the name of a check."""


@click.command()
@click.option("--skip", multiple=True, metavar="CHECK", help="Leave a check out; several.")
@click.option("--listen-db", metavar="DSN", help="Where your managers listen, if not on --db.")
@common
def doctor(common: Common, skip: tuple[str, ...], listen_db: str | None) -> int:
    """Check the database: say what is wrong, and what to do about it.

    Changes nothing. The exit code is 0 if all is well, else that of the worst check: `steve doctor`
    has a code for each, see docs/cli.md.
    With --json: {"status", "exit_code", "schema", "now", "checks": [{"name", "status", "found",
    "remedy", "sql", "exit_code"}]}, the worst first.
    """
    found = run(_doctor(common, skip, listen_db))
    if common.json:
        document(found)
    else:
        _print(found)
    return found.exit_code


async def _doctor(common: Common, skip: tuple[str, ...], listen_db: str | None) -> Diagnosis:
    from steve.jobs.manager import Jobs

    manager = Jobs(
        common.db,
        schema=common.chosen_schema,
        listen_db=listen_db,
        migrate="never",
        connect_timeout=CONNECT_TIMEOUT,
        handle_signals=False,
    )
    try:
        return await manager.doctor(skip=skip)
    finally:
        await manager.close()


def _print(found: Diagnosis) -> None:
    screen = console()
    for check in found.checks:
        for line in _lines(check):
            screen.print(line, soft_wrap=True)
    for check in found.checks:
        if check.sql:
            screen.print()
            screen.print(f"-- {check.name}", style="bold")
            # As it is: white space within a function is part of it.
            for statement in check.sql:
                click.echo("\n".join(shown(line) for line in statement.split("\n")))


def _lines(check: Check) -> Iterator[Text]:
    from rich.text import Text

    label = (f"{check.status:<8} ", _STYLES[check.status])
    name = (f"{check.name:<{_NAMES}} ", "bold")
    indent = " " * (9 + _NAMES + 1)
    first, *others = check.found
    yield Text.assemble(label, name, shown(first))
    for sentence in others:
        yield Text(f"{indent}{shown(sentence)}")
    for remedy in check.remedy:
        yield Text(f"{indent}→ {shown(remedy)}", style="cyan")
    if check.sql:
        yield Text(f"{indent}→ SQL below, under {check.name}", style="cyan")
