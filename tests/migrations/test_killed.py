"""`steve migrate` is killed at each step that it takes, while jobs are created and run."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from integration.sql.scene import Scene
from steve.database.migrate import migrate
from steve.sql import migrations
from steve.sql.loader import read_migrations
from support.examining import looked, sql
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrations.conftest import Package
    from support.databases import Databases

pytestmark = [pytest.mark.any_postgres, pytest.mark.timeout(300)]

HEAD = len(migrations("steve"))
SOME = 3
"""Of the steps of an upgrade, others each time: all of them take a minute."""

EVERY = 15
"""Of the steps of a whole installation, most of which make partitions."""

PAUSES = r"""
    create sequence public.step;
    create table public.pause (step bigint, over boolean);
    create function public.pause() returns void language plpgsql as $$
    begin
        if nextval('public.step') = (select step from public.pause) then
            while not (select over from public.pause) loop
                perform pg_sleep(0.01);
            end loop;
        end if;
    end $$;
    create sequence public.partition_step;
    create function public.pause_after_command() returns event_trigger language plpgsql as $$
    begin
        if (select bool_or(object_identity ~ '_\d{8}') from pg_event_trigger_ddl_commands())
            and nextval('public.partition_step') % 15 <> 0
        then
            return;
        end if;
        perform public.pause();
    end $$;
    create function public.pause_after_row() returns trigger language plpgsql as
        $$ begin perform public.pause(); return null; end $$;
    create event trigger pause on ddl_command_end execute function public.pause_after_command();
"""
"""Each command that makes, changes or grants something is a step; of those about a partition, which
are all alike, each fifteenth. A lock cannot be what the pauses
wait for: migrations do not wait for long."""

PAUSE_BEFORE_COMMIT = """
    create trigger pause after insert on steve.migration
    for each row execute function public.pause_after_row()
"""
NO_PAUSES = "drop event trigger if exists pause; drop trigger if exists pause on steve.migration"

OTHERS = """
    select pid from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend'
"""
PAUSING = f"{OTHERS} and wait_event = 'PgSleep'"


def test_what_has_landed_was_not_changed(first_landed: Package) -> None:
    then = first_landed.source / "steve" / "sql" / "migrations"
    assert migrations("steve")[:3] == read_migrations(then, "steve")


@pytest.fixture
def paused_template(databases: Databases, first_template: str) -> Iterator[str]:
    """A database with the first schema, where migrations pause."""
    name = databases.create(first_template)
    sql(databases.dsn(name), PAUSES, PAUSE_BEFORE_COMMIT, "select setval('public.step', 1, false)")
    yield name
    databases.drop(name)


async def test_an_upgrade_that_is_killed_at_any_step_is_resumed(
    databases: Databases, paused_template: str, today: Package
) -> None:
    steps = await number_of_steps(databases, paused_template)
    assert steps > 10
    versions: set[int] = set()
    for step in range(random.randint(1, SOME), steps + 1, SOME):
        with databases.temporary(paused_template) as dsn:
            with killed_at(dsn, step, today):
                work_goes_on(dsn)
            versions.add(await resumed(dsn))
    assert versions == set(range(3, HEAD))


async def test_an_installation_that_is_killed_is_resumed(
    databases: Databases, today: Package
) -> None:
    template = databases.create()
    sql(databases.dsn(template), PAUSES)
    try:
        steps = await number_of_steps(databases, template)
        assert steps > 100
        for step in range(1, steps + 1, EVERY):
            with databases.temporary(template) as dsn:
                with killed_at(dsn, step, today):
                    pass
                await resumed(dsn)
    finally:
        databases.drop(template)


async def number_of_steps(databases: Databases, template: str) -> int:
    with databases.temporary(template) as dsn:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            await migrate(connection, "steve")
        return sql(dsn, "select last_value from public.step")[0][0]


@contextmanager
def killed_at(dsn: str, step: int, package: Package) -> Iterator[None]:
    """Migrate in a process that pauses after a step for as long as the block runs, and is killed
    there. The server finds out when it goes on."""
    sql(dsn, f"insert into public.pause values ({step}, false)")
    with subprocess.Popen(
        [sys.executable, "-m", "steve", "migrate"],
        env=package.environment(dsn), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            eventually(lambda: process.poll() is not None or sql(dsn, PAUSING), 30, what=f"{step}")
            assert process.poll() is None, process.communicate()
            yield
        finally:
            process.kill()
    sql(dsn, "update public.pause set over = true")
    # Whatever the server made of it is over with its session.
    eventually(lambda: not sql(dsn, OTHERS), what="end of the session")


def work_goes_on(dsn: str) -> None:
    """Create, claim and finish a job, and cancel another. Nobody is waited for."""
    scene = Scene(make_conninfo(dsn, options="-c lock_timeout=200ms"))
    try:
        job = scene.started()
        assert scene.finish(job) is not None
        uid = scene.value("select steve.create_job('t')")
        assert scene.value("select steve.cancel_job(%s)", uid)
    finally:
        scene.close()


async def resumed(dsn: str) -> int:
    """Migrate again; nothing but the steps of whole migrations was left to it. Returns from which
    version it went on."""
    sql(dsn, NO_PAUSES) if installed(dsn) else sql(dsn, "drop event trigger pause")
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        done = await migrate(connection, "steve")
        assert await migrate(connection, "steve") == []
    drift = await looked(dsn, "drift")
    assert drift.status == "ok", drift
    assert (await looked(dsn, "schema")).status == "ok"
    return HEAD - len(done)


def installed(dsn: str) -> bool:
    return sql(dsn, "select to_regclass('steve.migration') is not null")[0][0]
