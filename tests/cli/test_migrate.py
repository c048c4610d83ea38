from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from steve.sql import migrations
from support.command import Steve

NEWEST = len(migrations("steve"))


def test_migrate_installs_once(fresh: Steve) -> None:
    first = fresh("migrate", "--json").json
    assert (first["schema"], first["from"], first["to"]) == ("steve", 0, NEWEST)
    assert [step["version"] for step in first["applied"]] == list(range(1, NEWEST + 1))
    again = fresh("migrate", "--json").json
    nothing = {"schema": "steve", "from": NEWEST, "to": NEWEST, "applied": [], "granted": []}
    assert again == nothing
    assert "up to date" in fresh("migrate").err
    assert fresh("create", "a", "-q").out


def test_migrate_another_schema(fresh: Steve) -> None:
    assert "installed schema jobs" in fresh("migrate", "--schema=jobs").err
    fresh("list", "--schema=jobs")
    fresh.fails("list", code=1)


def test_migrate_prints_its_sql(fresh: Steve) -> None:
    script = fresh("migrate", "--sql").out
    assert "not installed" in fresh.fails("migrate", "--check", code=1)
    with psycopg.connect(fresh.dsn, autocommit=True) as connection:
        connection.execute(script.encode())
    assert "up to date" in fresh("migrate", "--check").err
    assert "create table" not in fresh("migrate", "--sql").out
    assert fresh("migrate", "--sql", "--from=0").out == script


def test_migrate_grants_parts(roles: dict[str, str], fresh: Steve) -> None:
    first, *more = (f"{part}={role}" for part, role in roles.items())
    said = fresh("migrate", "--grant", first, *more).err
    assert said.splitlines()[1:] == [f"role {role} can be {part}" for part, role in roles.items()]
    each = [word for pair in (first, *more) for word in ("--grant", pair)]
    assert fresh("migrate", *each, "--json").json["granted"] == [
        {"part": part, "role": role} for part, role in roles.items()
    ]
    again = [f"select \"steve\".grant_part('{part}', '{role}');" for part, role in roles.items()]
    assert fresh("migrate", "--sql", *each).out.splitlines()[-3:] == again
    fresh.rows(f"set role {roles['producer']}; select steve.create_job('t')")


@pytest.fixture
def roles(server_dsn: str) -> Iterator[dict[str, str]]:
    """A role for each part. They outlive what they are granted."""
    end = uuid.uuid4().hex[:12]
    roles = {part: f"{part}_{end}" for part in ("producer", "worker", "monitor")}
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        for role in roles.values():
            connection.execute(SQL("create role {}").format(Identifier(role)))
        yield roles
        for role in roles.values():
            connection.execute(SQL("drop role {}").format(Identifier(role)))


def test_migrate_says_which_role_is_missing(fresh: Steve) -> None:
    said = fresh.fails("migrate", "--grant", "worker=no body", code=1)
    assert "no role 'no body'" in said
    assert 'CREATE ROLE "no body" LOGIN;' in said
    fresh.fails("migrate", "--check", code=1)


def test_migrate_refuses(fresh: Steve) -> None:
    fresh.fails("migrate", "--sql", "--check", code=2)
    fresh.fails("migrate", "--from=1", code=2)
    fresh.fails("migrate", "--sql", "--from=999", code=2)
    fresh.fails("migrate", "--schema=pg_jobs", code=2)
    fresh.fails("migrate", "--check", "--grant", "worker=me", code=2)
    fresh.fails("migrate", "worker=me", code=2)
    fresh.fails("migrate", "--grant", "me", code=2)
    assert "producer, worker, monitor" in fresh.fails("migrate", "--grant", "boss=me", code=2)


def test_a_newer_schema(steve: Steve) -> None:
    with psycopg.connect(steve.dsn, autocommit=True) as connection:
        connection.execute("insert into steve.migration (version, name) values (999, 'later')")
    assert "upgrade" in steve.fails("migrate", code=1)
    assert "upgrade" in steve.fails("list", code=1)
