"""`steve migrate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steve.cli.common import Common, common, run
from steve.cli.database import connection, located
from steve.cli.output import document, note, shown

if TYPE_CHECKING:
    from steve.database.grants import Grant


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
@click.option(
    "--grant",
    "first",
    multiple=True,
    metavar="PART=ROLE",
    help="Let a role be producer, worker or monitor; several.",
)
@click.argument("more", nargs=-1, metavar="[PART=ROLE]...")
@common
def migrate(
    common: Common,
    only_sql: bool,
    start: int | None,
    only_check: bool,
    first: tuple[str, ...],
    more: tuple[str, ...],
) -> None:
    """Install the schema, or bring it up to the version of this package.

    --sql prints what is missing, for psql; --check ends with exit code 1 if something is.
    --grant producer=web worker=crew monitor=grafana grants roles what their parts need.
    With --json: {"schema", "from", "to", "applied": [{"version", "name"}],
    "granted": [{"part", "role"}]}.
    """
    if only_check and (only_sql or first):
        raise click.UsageError("--check excludes --sql and --grant")
    if start is not None and not only_sql:
        raise click.UsageError("--from goes with --sql")
    if more and not first:
        raise click.UsageError(f"{more[0]!r} goes with --grant")
    from steve.core.settings import check_schema

    schema = check_schema(common.chosen_schema)
    grants = _grants((*first, *more))
    if only_sql:
        click.echo(run(_script(common, schema, start, grants)), nl=False)
        return
    report = run(_check(common, schema) if only_check else _migrate(common, schema, grants))
    if common.json:
        document(report)
        return
    note(_described(report))
    for grant in report["granted"]:
        note(f"role {shown(grant['role'])} can be {grant['part']}")


def _grants(pairs: tuple[str, ...]) -> list[Grant]:
    from steve.core.errors import OptionError
    from steve.database.grants import check_grants

    roles: dict[str, list[str]] = {}
    for pair in pairs:
        part, found, role = pair.partition("=")
        if not found:
            raise click.BadParameter(f"{pair!r} is not PART=ROLE", param_hint="--grant")
        roles.setdefault(part, []).append(role)
    try:
        return check_grants(roles)
    except OptionError as error:
        raise click.BadParameter(str(error), param_hint="--grant") from None


async def _script(common: Common, schema: str, start: int | None, grants: list[Grant]) -> str:
    from steve.database.grants import grant_script
    from steve.database.migrate import script, version
    from steve.sql import migrations

    if start is not None:
        newest = len(migrations(schema))
        if start > newest:
            raise click.BadParameter(f"the newest version is {newest}", param_hint="--from")
        return script(schema, start) + grant_script(schema, grants)
    async with located(common.db) as dsn, connection(dsn) as connected:
        return script(schema, await version(connected, schema)) + grant_script(schema, grants)


async def _check(common: Common, schema: str) -> dict[str, Any]:
    from steve.database.migrate import check, version

    async with located(common.db) as dsn, connection(dsn) as connected:
        await check(connected, schema)
        at = await version(connected, schema)
    return {"schema": schema, "from": at, "to": at, "applied": [], "granted": []}


async def _migrate(common: Common, schema: str, grants: list[Grant]) -> dict[str, Any]:
    from steve.database.grants import migrate_and_grant
    from steve.database.migrate import version

    async with located(common.db) as dsn, connection(dsn) as connected:
        before = await version(connected, schema)
        applied = await migrate_and_grant(connected, schema, grants)
        after = await version(connected, schema)
    steps = [{"version": step.version, "name": step.name} for step in applied]
    granted = [{"part": part, "role": role} for part, role in grants]
    return {"schema": schema, "from": before, "to": after, "applied": steps, "granted": granted}


def _described(report: dict[str, Any]) -> str:
    schema = shown(report["schema"])
    if not report["applied"]:
        return f"schema {schema} is up to date (version {report['to']})"
    if report["from"] == 0:
        return f"installed schema {schema} (version {report['to']})"
    return f"schema {schema} went from version {report['from']} to {report['to']}"
