"""What the doctor sees and says as a role that may not do everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import conninfo

from steve import Jobs
from steve.jobs.doctor.privileges import PARTS, Need
from support.examining import examined, looked, sql

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.any_postgres


@pytest.fixture
def role(migrated_dsn: str) -> Iterator[str]:
    """A role that may log in, and nothing else."""
    role = f"role_{conninfo.conninfo_to_dict(migrated_dsn)['dbname']}"
    sql(migrated_dsn, f"create role {role} login password 'made up'")
    yield role
    sql(migrated_dsn, f"drop owned by {role}", f"drop role {role}")


def login(dsn: str, role: str) -> str:
    return conninfo.make_conninfo(dsn, user=role, password="made up")


def grant(dsn: str, role: str, *needs: Need) -> None:
    for kind, name, privilege in needs:
        match kind:
            case "schema":
                sql(dsn, f"grant {privilege} on schema steve to {role}")
            case "function":
                for (function,) in sql(
                    dsn,
                    "select oid::regprocedure from pg_proc where pronamespace = "
                    f"'steve'::regnamespace and proname = '{name}'",
                ):
                    sql(dsn, f"grant {privilege} on function {function} to {role}")
            case "table" | "sequence":
                sql(dsn, f"grant {privilege} on {kind} steve.{name} to {role}")


@pytest.mark.usefixtures("forgetful")
async def test_a_role_that_may_nothing(migrated_dsn: str, role: str) -> None:
    found = await examined(login(migrated_dsn, role))
    checks = {check.name: check for check in found.checks}
    assert found.status == "error"
    assert checks["privileges"].status == "error"
    assert "USAGE on the schema" in checks["privileges"].found[0]
    assert any(f"steve migrate --grant monitor={role}" in r for r in checks["privileges"].remedy)
    for name in ("schema", "drift", "partitions", "workers", "types", "backlog", "vacuum"):
        assert checks[name].status == "unknown", checks[name]
        assert any("for the part of a monitor" in remedy for remedy in checks[name].remedy)
    sql(migrated_dsn, *checks["privileges"].findings[-1].sql)
    assert checks["privileges"].findings[-1].found.startswith("for the part of a monitor")
    found = await looked(login(migrated_dsn, role), "privileges")
    assert f"role {role} can be monitor" in found.found


@pytest.mark.usefixtures("forgetful")
async def test_a_role_that_only_looks(migrated_dsn: str, role: str) -> None:
    sql(
        migrated_dsn,
        f"grant usage on schema steve to {role}",
        f"grant select on all tables in schema steve to {role}",
    )
    with psycopg.connect(migrated_dsn) as other:
        other.execute("select 1")
        found = await examined(login(migrated_dsn, role))
    checks = {check.name: check for check in found.checks}
    privileges = checks["privileges"]
    assert privileges.status == "ok"
    assert privileges.found[0] == f"role {role} can be monitor"
    assert any("part of a worker" in text and "UPDATE on job" in text for text in privileges.found)
    assert any("part of a producer" in text for text in privileges.found)
    # What it may not do or see is said, and is no reason to call all well.
    assert checks["drift"].status == "unknown"
    assert "may create schemas" in checks["drift"].remedy[0]
    assert checks["snapshots"].status == "unknown"
    assert "pg_read_all_stats" in checks["snapshots"].remedy[0]
    assert (found.status, found.exit_code) == ("unknown", 12)
    assert {name for name, check in checks.items() if check.status == "unknown"} == {
        "drift",
        "snapshots",
    }


async def test_a_role_that_was_granted_half_a_part(migrated_dsn: str, role: str) -> None:
    held_back = [need for need in PARTS["producer"] if need.name == "sleeper" and need.telling]
    grant(migrated_dsn, role, *PARTS["monitor"])
    grant(migrated_dsn, role, *(need for need in PARTS["producer"] if need not in held_back))
    found = await looked(login(migrated_dsn, role), "privileges")
    assert (found.status, found.exit_code) == ("warning", 13)
    assert found.found == [
        f"for the part of a producer, role {role} lacks INSERT on sleeper, UPDATE on sleeper, "
        "DELETE on sleeper"
    ]
    assert found.remedy == [
        "if it is to be a producer, have the schema's owner run "
        f"`steve migrate --grant producer={role}`, or the SQL"
    ]
    sql(migrated_dsn, *found.sql)
    found = await looked(login(migrated_dsn, role), "privileges")
    assert found.status == "ok"
    assert f"role {role} can be producer, monitor" in found.found


async def test_what_the_parts_need_is_enough_to_work(migrated_dsn: str, role: str) -> None:
    """The list is held against the work itself."""
    for part in ("producer", "worker"):
        grant(migrated_dsn, role, *PARTS[part])
    dsn = login(migrated_dsn, role)
    found = await looked(dsn, "privileges")
    assert found.found[0] == f"role {role} can be producer, worker"
    async with Jobs(dsn, migrate="check", handlers={"t": twice}, handle_signals=False) as jobs:
        job = await jobs.create("t", {"n": 21})
        await jobs.start()
        assert await jobs.result(job, timeout=20) == 42
        assert (await jobs.health()).counts == {"completed": 1}
        await jobs.cancel((await jobs.create("t", delay=60)).uid)
        await jobs.stop()


@pytest.mark.parametrize("part", PARTS)
async def test_any_need_that_is_taken_away_is_missed(
    migrated_dsn: str, role: str, part: str
) -> None:
    definers = {"cancel_jobs", "drop_resent", "create_partitions", "remove_partition"}
    needs = [
        need for need in PARTS[part] if need.kind in {"table", "sequence"} or need.name in definers
    ]
    for need in needs:
        sql(migrated_dsn, f"drop owned by {role}")
        grant(migrated_dsn, role, *(other for other in PARTS[part] if other != need))
        found = await looked(login(migrated_dsn, role), "privileges")
        [said] = [text for text in found.found if f"for the part of a {part}, " in text]
        assert str(need) in said


async def twice(job: Any) -> int:
    return job.payload["n"] * 2
