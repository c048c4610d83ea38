"""Which part may run which statement: all of them are tried as each part."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.sql import statement

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.any_postgres

P, W, M = "producer", "worker", "monitor"
EVERYBODY = {P, W, M}

ALLOWED = {
    "jobs/cancel": {P},
    "jobs/create": {P},
    "jobs/create_one": {P},
    "jobs/delete": set[str](),
    "jobs/retry": set[str](),
    "jobs/unwatch": {P, W},
    "jobs/watch": {P, W},
    "queues/pause": set[str](),
    "queues/resume": set[str](),
    "doctor/scratch": set[str](),
    "worker/rise": {P, W},
    "workers/stop": {W},
    "monitor/record": {P},
}
"""What not everybody may, apart from what only workers do."""

ONLY_LOOKED_AT = {"worker/cancellations", "worker/orphans", "worker/overlooked", "worker/verify"}
CATALOGUE = {"maintenance/expired_partitions"}

NO_PRIVILEGE = "42501"
OTHER_COMPLAINTS = {"22004", "22023", "23502", "42P01"}
"""About null; and that there is no such partition."""


def names() -> list[str]:
    root: Path = files("steve.sql").joinpath("statements")  # pyright: ignore[reportAssignmentType]
    return sorted(
        f"{file.parent.name}/{file.name.removesuffix('.sql')}" for file in root.rglob("*.sql")
    )


def allowed(name: str) -> set[str]:
    if name in ALLOWED:
        return ALLOWED[name]
    if (
        name.startswith(("worker/", "maintenance/", "samples/"))
        and name not in ONLY_LOOKED_AT | CATALOGUE
    ):
        return {W}
    return EVERYBODY


def test_each_statement_is_for_its_parts(parts: dict[str, str]) -> None:
    able: dict[str, set[str]] = {name: set() for name in names()}
    for part, dsn in parts.items():
        with psycopg.connect(dsn) as connection:
            for name in able:
                complaint = tried(connection, name)
                assert complaint in {NO_PRIVILEGE, None, *OTHER_COMPLAINTS}, name
                if complaint != NO_PRIVILEGE:
                    able[name].add(part)
    assert able == {name: allowed(name) for name in able}
    assert {*ALLOWED} <= {*able}


def tried(connection: psycopg.Connection, name: str) -> str | None:
    """What PostgreSQL complains about. Without values it finds no rows, or something to complain
    about after the privileges, which come first."""
    found = statement(name, "steve")
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        try:
            with connection.transaction():
                if found.parameters:
                    types = ", ".join(["unknown"] * len(found.parameters))
                    cursor.execute(f"prepare tried ({types}) as {found.text}".encode())
                    nulls = ", ".join(["null"] * len(found.parameters))
                    cursor.execute(f"execute tried ({nulls})".encode())
                else:
                    cursor.execute(found.text.encode())
        except psycopg.errors.DatabaseError as error:
            return error.sqlstate
        finally:
            cursor.execute("deallocate all")
    return None
