"""`steve migrate`."""

from __future__ import annotations

from typing import Any

import click

from steve.cli.common import Common, common, run
from steve.cli.database import connection, located
from steve.cli.output import document, note, shown


@click.command()
@click.option("--sql", "only_sql", is_flag=True, help="Print the SQL instead of running it.")
@click.option(
    "--from",
    "start",
    type=click.IntRange(0),
    metavar="VERSION",
    help="With --sql: version to start from. [default: that of the database]",
)
@click.option("--check", "only_check", is_flag=True, help="Only say whether there is work to do.")
@common
def migrate(common: Common, only_sql: bool, start: int | None, only_check: bool) -> None:
    """Install the schema, or bring it up to the version of this package.

    --sql prints what is missing, for psql; --check ends with exit code 1 if something is.
    With --json: {"schema", "from", "to", "applied": [{"version", "name"}]}.
    """
    if only_sql and only_check:
        raise click.UsageError("--sql and --check exclude each other")
    if start is not None and not only_sql:
        raise click.UsageError("--from goes with --sql")
    from steve.core.settings import check_schema

    schema = check_schema(common.chosen_schema)
    if only_sql:
        click.echo(run(_script(common, schema, start)), nl=False)
        return
    report = run(_check(common, schema) if only_check else _migrate(common, schema))
    if common.json:
        document(report)
        return
    note(_described(report))


async def _script(common: Common, schema: str, start: int | None) -> str:
    from steve.database.migrate import script, version
    from steve.sql import migrations

    if start is not None:
        newest = len(migrations(schema))
        if start > newest:
            raise click.BadParameter(f"the newest version is {newest}", param_hint="--from")
        return script(schema, start)
    async with located(common.db) as dsn, connection(dsn) as connected:
        return script(schema, await version(connected, schema))


async def _check(common: Common, schema: str) -> dict[str, Any]:
    from steve.database.migrate import check, version

    async with located(common.db) as dsn, connection(dsn) as connected:
        await check(connected, schema)
        at = await version(connected, schema)
    return {"schema": schema, "from": at, "to": at, "applied": []}


async def _migrate(common: Common, schema: str) -> dict[str, Any]:
    from steve.database.migrate import migrate, version

    async with located(common.db) as dsn, connection(dsn) as connected:
        before = await version(connected, schema)
        applied = await migrate(connected, schema)
        after = await version(connected, schema)
    steps = [{"version": step.version, "name": step.name} for step in applied]
    return {"schema": schema, "from": before, "to": after, "applied": steps}


def _described(report: dict[str, Any]) -> str:
    schema = shown(report["schema"])
    if not report["applied"]:
        return f"schema {schema} is up to date (version {report['to']})"
    if report["from"] == 0:
        return f"installed schema {schema} (version {report['to']})"
    return f"schema {schema} went from version {report['from']} to {report['to']}"
