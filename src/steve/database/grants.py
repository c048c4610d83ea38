"""Granting roles their parts: what each of them may is said in the schema's own functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, cast

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import quote

from steve.core.errors import OptionError, OptionTypeError, SchemaError
from steve.core.text import safe_repr
from steve.database.migrate import PATIENCE, Retries, fetch, locked, migrate
from steve.database.obstacles import explained
from steve.sql import Migration, quoted

Part: TypeAlias = Literal["producer", "worker", "monitor"]
Grants: TypeAlias = Mapping[Part, str | Iterable[str]]
"""The roles of each part."""

PARTS: tuple[Part, ...] = ("producer", "worker", "monitor")


class Grant(NamedTuple):
    """A part, and a role that is to have it."""

    part: str
    role: str


def check_grants(given: object) -> list[Grant]:
    """Return each grant once. Raises OptionError for a part that there is not, or no role."""
    if not isinstance(given, Mapping):
        raise OptionTypeError(
            f'grant must be a mapping such as {{"producer": "web"}}, not {safe_repr(given)}'
        )
    grants: dict[Grant, None] = {}
    for part, roles in cast("Mapping[object, object]", given).items():
        if part not in PARTS:
            raise OptionError(f"there is no part {safe_repr(part)}: there are {', '.join(PARTS)}")
        if not isinstance(roles, Iterable):
            raise OptionTypeError(f"grant[{part!r}] must name roles, not {safe_repr(roles)}")
        several = [roles] if isinstance(roles, str) else cast("Iterable[object]", roles)
        for role in several:
            if not isinstance(role, str) or not role or "\0" in role:
                raise OptionError(f"grant[{part!r}] must name roles, not {safe_repr(role)}")
            if role == "public":
                raise OptionError(f"grant[{part!r}] must name roles: PUBLIC is none, but everybody")
            grants[Grant(part, role)] = None
    return list(grants)


async def migrate_and_grant(
    connection: AsyncConnection[Any],
    schema: str,
    grants: Sequence[Grant],
    *,
    patience: float = PATIENCE,
) -> list[Migration]:
    """Migrate, then grant all parts or none; return the migrations that this call has run.

    Raises what `migrate` raises, and SchemaError before anything is changed if there is no such
    role, or, for the grants, if somebody else owns the tables.
    """
    await _require_roles(connection, schema, grants)
    done = await migrate(connection, schema, patience=patience)
    if not grants:
        return done
    retries = Retries(patience)
    async with explained(connection, schema):
        while True:
            try:
                async with locked(connection, schema):
                    for grant in grants:
                        call = f"select {quoted(schema)}.grant_part($1, $2)"
                        await fetch(connection, call, *grant)
                return done
            except psycopg.Error as error:
                if not retries.allow(error):
                    raise
            await retries.pause()


def grant_script(schema: str, grants: Sequence[Grant]) -> str:
    """Return the SQL that grants these parts, for a schema that is up to date."""
    return "".join(
        f"select {quoted(schema)}.grant_part({quote(part)}, {quote(role)});\n"
        for part, role in grants
    )


async def _require_roles(
    connection: AsyncConnection[Any], schema: str, grants: Sequence[Grant]
) -> None:
    """Refuse roles that there are not: they belong to the server, and are for its owner to make."""
    if not grants:
        return
    wanted = list(dict.fromkeys(role for _, role in grants))
    # In a transaction also for connections without autocommit, where a read would leave one open.
    async with explained(connection, schema), connection.transaction():
        rows = await fetch(
            connection,
            "select w.role from unnest($1::text[]) with ordinality as w (role, number)"
            " where not exists (select from pg_roles r where r.rolname = w.role) order by number",
            wanted,
        )
    if rows:
        missing = [role for (role,) in rows]
        create = " ".join(f"CREATE ROLE {quoted(role)} LOGIN;" for role in missing)
        raise SchemaError(
            f"there is no role {', '.join(map(repr, missing))} on this server, so nothing was "
            f"changed: correct the name, or create the role first, such as by {create}"
        )
