from __future__ import annotations

import psycopg

from steve.sql import migrations
from support.command import Steve

NEWEST = len(migrations("steve"))


def test_migrate_installs_once(fresh: Steve) -> None:
    first = fresh("migrate", "--json").json
    assert (first["schema"], first["from"], first["to"]) == ("steve", 0, NEWEST)
    assert [step["version"] for step in first["applied"]] == list(range(1, NEWEST + 1))
    again = fresh("migrate", "--json").json
    assert again == {"schema": "steve", "from": NEWEST, "to": NEWEST, "applied": []}
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


def test_migrate_refuses(fresh: Steve) -> None:
    fresh.fails("migrate", "--sql", "--check", code=2)
    fresh.fails("migrate", "--from=1", code=2)
    fresh.fails("migrate", "--sql", "--from=999", code=2)
    fresh.fails("migrate", "--schema=pg_jobs", code=2)


def test_a_newer_schema(steve: Steve) -> None:
    with psycopg.connect(steve.dsn, autocommit=True) as connection:
        connection.execute("insert into steve.migration (version, name) values (999, 'later')")
    assert "upgrade" in steve.fails("migrate", code=1)
    assert "upgrade" in steve.fails("list", code=1)
