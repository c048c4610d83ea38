"""Granting parts: to which roles, by whom, and what lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import conninfo
from psycopg.sql import SQL, Identifier

from integration.roles.conftest import grant, login
from steve import Jobs
from steve.core.errors import OptionError, OptionTypeError, SchemaError
from steve.database import migrate as module
from steve.database.grants import check_grants, grant_script, migrate_and_grant
from steve.database.migrate import migrate, script, version
from steve.sql import migrations, quoted
from support.examining import looked, sql

if TYPE_CHECKING:
    from integration.roles.conftest import MakeRole

pytestmark = pytest.mark.any_postgres

PARTS = ("producer", "worker", "monitor")
PRIVILEGES = """
    select o.name, array(select a::text from unnest(o.acl) as a order by 1)
    from (
        select relname::text, relacl from pg_class where relnamespace = 'steve'::regnamespace
        union all
        select attrelid::regclass || '.' || attname, attacl from pg_attribute
        union all
        select oid::regprocedure::text, proacl from pg_proc
        where pronamespace = 'steve'::regnamespace
        union all
        select nspname, nspacl from pg_namespace where nspname = 'steve'
    ) as o (name, acl)
    where o.acl is not null
    order by 1
"""


async def test_a_second_time_changes_nothing(migrated_dsn: str, make_role: MakeRole) -> None:
    roles: Any = {part: [make_role(part), make_role(f"{part} two")] for part in PARTS}
    await grant(migrated_dsn, roles)
    before = sql(migrated_dsn, PRIVILEGES)
    await grant(migrated_dsn, roles)
    assert sql(migrated_dsn, PRIVILEGES) == before


async def test_nothing_is_granted_on_partitions(migrated_dsn: str, make_role: MakeRole) -> None:
    await grant(migrated_dsn, {part: make_role(part) for part in PARTS})
    names = "relname ~ '_[0-9]{8}$' and relacl is not null"
    assert sql(migrated_dsn, f"select relname from pg_class where {names}") == []


async def test_a_role_that_is_missing_is_said_before_anything_is_done(
    dsn: str, make_role: MakeRole
) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        wanted = check_grants({"monitor": make_role("there"), "worker": ['no"body', "no'one"]})
        with pytest.raises(SchemaError, match="nothing was changed") as caught:
            await migrate_and_grant(connection, "steve", wanted)
        assert "no role 'no\"body', \"no'one\"" in str(caught.value)
        assert 'CREATE ROLE "no""body" LOGIN;' in str(caught.value)
        assert await version(connection, "steve") == 0
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


@pytest.mark.parametrize("name", ['a"; drop schema steve; --', "%s"])
async def test_any_name_of_a_role(migrated_dsn: str, make_role: MakeRole, name: str) -> None:
    role = make_role(name)
    await grant(migrated_dsn, {"monitor": role})
    assert sql(login(migrated_dsn, role), "select count(*) from steve.jobs") == [(0,)]


@pytest.mark.parametrize("name", ["current_user", "session_user", "current_role"])
async def test_no_key_word_is_taken_for_a_role(migrated_dsn: str, name: str) -> None:
    with pytest.raises(SchemaError, match=f"no role '{name}'"):
        await grant(migrated_dsn, {"monitor": name})
    with pytest.raises(psycopg.errors.UndefinedObject, match=f'role "{name}" does not exist'):
        sql(migrated_dsn, f"select steve.grant_part('monitor', '{name}')")


def test_nothing_is_granted_to_everybody(migrated_dsn: str) -> None:
    before = sql(migrated_dsn, PRIVILEGES)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="not to PUBLIC"):
        sql(migrated_dsn, "select steve.grant_part('producer', 'public')")
    assert sql(migrated_dsn, PRIVILEGES) == before


async def test_any_name_of_a_schema(dsn: str, make_role: MakeRole) -> None:
    schema, role = 'it\'s "50%" $$', make_role("monitor")
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        wanted = check_grants(dict.fromkeys(PARTS, role))
        await migrate_and_grant(connection, schema, wanted)
    [(uid,)] = sql(login(dsn, role), f"select {quoted(schema)}.create_job('t')")
    assert sql(login(dsn, role), f"select {quoted(schema)}.cancel_job('{uid}')") == [(True,)]


@pytest.mark.parametrize("options", ["login", "login noinherit"])
async def test_members_of_a_role_have_its_part(
    migrated_dsn: str, make_role: MakeRole, options: str
) -> None:
    group, member = make_role("crew", "nologin"), make_role("member", options)
    sql(migrated_dsn, f"grant {quoted(group)} to {quoted(member)}")
    await grant(migrated_dsn, {"worker": group})
    dsn = login(migrated_dsn, member)
    if "noinherit" in options:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sql(dsn, "select count(*) from steve.jobs")
        escaped = group.replace(" ", "\\ ")
        dsn = conninfo.make_conninfo(dsn, options=f"-c role={escaped}")
    sql(migrated_dsn, "select steve.create_job('t', '{\"n\": 1}')")
    async with Jobs(dsn, handlers={"t": _nothing}, handle_signals=False) as jobs:
        await jobs.start()
        [job] = await jobs.fetch_all()
        assert (await jobs.wait(job, timeout=20)).status == "completed"
    assert (await looked(dsn, "privileges")).status == "ok"


async def _nothing(job: Any) -> None:
    return None


async def test_an_owner_who_is_no_superuser(dsn: str, make_role: MakeRole) -> None:
    """Also one whose rights come by SET ROLE."""
    owner, admin, web = make_role("owner"), make_role("admin", "login noinherit"), make_role("web")
    sql(
        dsn,
        f"grant create on database {quoted(conninfo.conninfo_to_dict(dsn)['dbname'] or '')} "  # pyright: ignore[reportArgumentType]
        f"to {quoted(owner)}",
        f"grant {quoted(owner)} to {quoted(admin)}",
    )
    as_owner = conninfo.make_conninfo(
        login(dsn, admin), options="-c role=" + owner.replace(" ", "\\ ")
    )
    await grant(as_owner, {"producer": web})
    [(uid,)] = sql(login(dsn, web), "select steve.create_job('t')")
    assert sql(login(dsn, web), f"select steve.cancel_job('{uid}')") == [(True,)]
    before = sql(dsn, PRIVILEGES)
    with pytest.raises(SchemaError, match=r"only the owner of the tables can grant"):
        await grant(login(dsn, web), {"monitor": admin})
    assert sql(dsn, PRIVILEGES) == before


async def test_what_a_superuser_migrates_acts_for_the_owner(dsn: str, make_role: MakeRole) -> None:
    owner = make_role("owner")
    sql(dsn, f"create schema steve authorization {quoted(owner)}")
    sql(login(dsn, owner), *(m.text for m in migrations("steve")[:3]))
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        rows = [(m.version, m.name) for m in migrations("steve")[:3]]
        async with connection.cursor() as cursor:
            await cursor.executemany("insert into steve.migration values (%s, %s)", rows)
        assert await migrate(connection, "steve")
    found = sql(
        dsn,
        "select distinct pg_get_userbyid(proowner) from pg_proc "
        "where pronamespace = 'steve'::regnamespace",
    )
    assert found == [(owner,)], "or the owner could not replace them later"


async def test_a_schema_that_somebody_else_owns(dsn: str, make_role: MakeRole) -> None:
    owner, web = make_role("owner"), make_role("web")
    sql(dsn, "create schema steve", f"grant usage, create on schema steve to {quoted(owner)}")
    with pytest.raises(SchemaError, match="has to run: GRANT USAGE ON SCHEMA steve TO"):
        await grant(login(dsn, owner), {"producer": web})
    sql(dsn, f"grant usage on schema steve to {quoted(web)}")
    await grant(login(dsn, owner), {"producer": web})
    assert sql(login(dsn, web), "select steve.create_job('t') is not null") == [(True,)]


async def test_a_database_where_nothing_is_everybodys(dsn: str, make_role: MakeRole) -> None:
    """As hardened databases are."""
    sql(dsn, "alter default privileges revoke execute on functions from public")
    roles = {part: make_role(part) for part in PARTS}
    await grant(dsn, roles)
    async with (
        Jobs(login(dsn, roles["producer"]), handle_signals=False) as shop,
        Jobs(login(dsn, roles["worker"]), handlers={"t": _nothing}, handle_signals=False) as crew,
        Jobs(login(dsn, roles["monitor"]), handle_signals=False) as eye,
    ):
        await crew.start()
        job, *_ = [await shop.create("t"), *await shop.create_many([("t", {})])]
        assert (await shop.wait(job, timeout=20)).status == "completed"
        await shop.cancel((await shop.create("t", delay=60)).uid)
        assert (await eye.wait(job, timeout=20)).status == "completed"
        assert (await eye.health()).counts["completed"] >= 1


async def test_a_later_migration_grants_what_is_new(migrated_dsn: str, make_role: MakeRole) -> None:
    """As such a migration would: the view is made anew, which loses what was granted on it.

    Who only has privileges that a part has as well was not granted the part.
    """
    roles = {part: make_role(part) for part in PARTS}
    await grant(migrated_dsn, roles)
    by_hand = quoted(make_role("by hand"))
    functions = "cancel_jobs, steve.drop_resent, steve.create_partitions, steve.remove_partition"
    sql(
        migrated_dsn,
        f"grant usage on schema steve to {by_hand}",
        f"grant select, insert, update, delete on steve.job_archive, steve.worker to {by_hand}",
        f"grant select, delete on steve.job, steve.migration to {by_hand}",
        f"grant execute on function steve.{functions} to {by_hand}",
    )
    before = sql(migrated_dsn, PRIVILEGES)
    [(view,)] = sql(migrated_dsn, "select pg_get_viewdef('steve.jobs'::regclass)")
    sql(
        migrated_dsn,
        f"drop view steve.jobs; create view steve.jobs as {view}",
        f"revoke delete on steve.sleeper from {quoted(roles['producer'])}",
        f"revoke insert on steve.attempt from {quoted(roles['worker'])}",
    )
    for role in roles.values():
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sql(login(migrated_dsn, role), "select from steve.jobs")
    sql(migrated_dsn, "select steve.regrant()")
    assert sql(migrated_dsn, PRIVILEGES) == before


async def test_all_are_granted_or_none(
    migrated_dsn: str, make_role: MakeRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.1)
    first, second = make_role("first"), make_role("second")
    before = sql(migrated_dsn, PRIVILEGES)
    async with await psycopg.AsyncConnection.connect(migrated_dsn) as connection:
        wanted = check_grants({"monitor": [first, second]})
        with psycopg.connect(migrated_dsn) as other:
            other.execute(SQL("drop role {}").format(Identifier(second)))
            with pytest.raises(SchemaError, match="other sessions hold locks"):
                await migrate_and_grant(connection, "steve", wanted, patience=0.3)
            other.rollback()
    assert sql(migrated_dsn, PRIVILEGES) == before


def test_the_sql_for_psql_does_the_same(dsn: str, make_role: MakeRole) -> None:
    role = make_role("it's \\ me")
    wanted = check_grants({"producer": role})
    sql(dsn, script("steve") + grant_script("steve", wanted))
    assert sql(login(dsn, role), "select steve.create_job('t') is not null") == [(True,)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"boss": "me"}, "no part 'boss': there are producer, worker, monitor"),
        ({"worker": ""}, "must name roles"),
        ({"worker": ["a\0"]}, "must name roles"),
        ({"worker": ["web", "public"]}, "PUBLIC is none, but everybody"),
        ({"worker": [None]}, "must name roles"),
    ],
)
def test_nonsense_is_refused(given: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        check_grants(given)


@pytest.mark.parametrize("given", ["worker", {"worker": 3}, [("worker", "me")]])
def test_something_else_is_refused(given: Any) -> None:
    with pytest.raises(OptionTypeError):
        check_grants(given)


def test_the_schema_itself_knows_the_parts(migrated_dsn: str, make_role: MakeRole) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="there are producer, worker"):
        sql(migrated_dsn, f"select steve.grant_part('boss', '{make_role('me')}')")
