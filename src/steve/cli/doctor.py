"""`steve doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import click

from steve.cli.common import CONNECT_TIMEOUT, Common, common, run
from steve.cli.output import console, document, shown

if TYPE_CHECKING:
    from rich.text import Text

    from steve.jobs.doctor.check import Check, Diagnosis

_STYLES = {"error": "bold red", "warning": "yellow", "unknown": "magenta", "ok": "green"}
_STATUS, _NAME = 9, 13
"""Columns for the status of a check and its name."""


@click.command()
@click.option("--skip", multiple=True, metavar="CHECK", help="Leave a check out; several.")
@click.option("--listen-db", metavar="DSN", help="Where your managers listen, if not on --db.")
@common
def doctor(common: Common, skip: tuple[str, ...], listen_db: str | None) -> int:
    """Check the database: say what is wrong, and what to do about it.

    Changes nothing. The exit code is 0 if all is well, else that of the worst check: `steve doctor`
    has a code for each, see docs/cli.md.
    With --json: {"status", "exit_code", "schema", "now", "checks": [{"name", "status", "exit_code",
    "findings": [{"status", "found", "remedy", "sql"}]}]}, the worst first.
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
    from rich.text import Text

    screen = console()
    for _, alike in groupby(found.checks, lambda check: (check.status, check.findings)):
        for line in _lines(list(alike)):
            screen.print(line, soft_wrap=True)
    for check in found.checks:
        if not check.sql:
            continue
        screen.print()
        for finding in check.findings:
            if finding.sql:
                title = Text(f"-- {check.name}: {shown(finding.found)}", style="bold")
                screen.print(title, soft_wrap=True)
            for statement in finding.sql:
                # As it is: white space within a function is part of it.
                click.echo("\n".join(shown(line) for line in statement.split("\n")))


def _lines(checks: list[Check]) -> Iterator[Text]:
    """Describe a check, or several that have found the same."""
    from rich.text import Text

    check = checks[0]
    indent = " " * (_STATUS + _NAME)
    head = Text.assemble(
        (f"{check.status:<{_STATUS}}", _STYLES[check.status]), (f"{check.name:<{_NAME}}", "bold")
    )
    for remedy, findings in groupby(check.findings, lambda finding: finding.remedy):
        for finding in findings:
            yield head + Text(shown(finding.found))
            head = Text(indent)
        if remedy:
            yield Text(f"{indent}→ {shown(remedy)}", style="cyan")
    if len(checks) > 1:
        names = ", ".join(other.name for other in checks[1:])
        yield Text(f"{indent}the same: {names}")
    if check.sql:
        yield Text(f"{indent}→ the SQL is below", style="cyan")
