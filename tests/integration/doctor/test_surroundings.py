"""What others do to the database, and to the way there."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import conninfo

from steve import Jobs
from steve.database.database import Database
from steve.events.echo import hears_itself
from steve.jobs.doctor import examine, surroundings
from steve.jobs.health import CONNECTIONS_PER_WORKER
from support.examining import examined, looked, sql
from support.network import unused_port
from support.pooler import DeafProxy
from support.waiting import eventually, eventually_async

pytestmark = pytest.mark.any_postgres


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls transactions old at once."""
    monkeypatch.setattr(examine, "SNAPSHOT_WARNING", 0.0)


@pytest.mark.usefixtures("impatient")
async def test_an_old_snapshot(migrated_dsn: str) -> None:
    conninfo_of_it = conninfo.make_conninfo(migrated_dsn, application_name="nightly report")
    with psycopg.connect(conninfo_of_it) as other:
        other.execute("set transaction isolation level repeatable read")
        other.execute("select from steve.job")
        found = await looked(migrated_dsn, "snapshots")
        assert (found.status, found.exit_code) == ("warning", 18)
        [sentence] = found.found
        pid = other.info.backend_pid
        assert f"pid {pid} of {other.info.user} (nightly report)" in sentence
        assert "idle in transaction, and holds back vacuum" in sentence
        assert found.sql == [f"SELECT pg_terminate_backend({pid});"]
        sql(migrated_dsn, *found.sql)

        def gone() -> bool:
            query = f"select from pg_stat_activity where pid = {pid}"
            return not sql(migrated_dsn, query)

        eventually(gone, what="the end of the session")
        assert (await looked(migrated_dsn, "snapshots")).status == "ok"
        with pytest.raises(psycopg.OperationalError):
            other.execute("select 1")


@pytest.mark.usefixtures("impatient")
async def test_a_transaction_that_holds_locks_only(migrated_dsn: str) -> None:
    with psycopg.connect(migrated_dsn) as other:
        other.execute("select from steve.job")
        found = await looked(migrated_dsn, "snapshots")
        assert found.status == "warning"
        assert "may hold locks" in found.found[0]


async def test_a_young_transaction_is_nothing(migrated_dsn: str) -> None:
    with psycopg.connect(migrated_dsn) as other:
        other.execute("select from steve.job")
        assert (await looked(migrated_dsn, "snapshots")).status == "ok"


async def test_autovacuum_switched_off(migrated_dsn: str) -> None:
    sql(migrated_dsn, "alter table steve.job set (autovacuum_enabled = off)")
    found = await looked(migrated_dsn, "vacuum")
    assert (found.status, found.exit_code) == ("error", 19)
    assert "switched off for steve.job" in found.found[0]
    sql(migrated_dsn, *found.sql)
    assert (await looked(migrated_dsn, "vacuum")).status == "ok"


async def test_dead_rows_and_a_bloated_table(
    migrated_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody vacuums while five thousand jobs are created and nearly all deleted."""
    monkeypatch.setattr(surroundings, "DEAD_ROWS", 1000)
    monkeypatch.setattr(surroundings, "BLOAT_BYTES", 1 << 20)
    sql(
        migrated_dsn,
        "alter table steve.job set (autovacuum_enabled = off)",
        "insert into steve.job (uid, type) select steve.uuid7(), 't' from generate_series(1, 5000)",
        "delete from steve.job where id % 100 <> 0",
        "analyze steve.job",
        "select pg_stat_force_next_flush()" if version(migrated_dsn) >= 150000 else "select 1",
    )

    async def dead() -> list[str]:
        return (await looked(migrated_dsn, "vacuum")).found

    found = await dead()
    assert any("about 4,950 dead rows beside" in text for text in found), found
    assert any("by estimate" in text for text in found)
    check = await looked(migrated_dsn, "vacuum")
    sql(migrated_dsn, *check.sql)
    assert not any("dead rows beside" in text for text in await dead())


def version(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        return connection.info.server_version


async def test_too_few_connections(migrated_dsn: str) -> None:
    sql(
        migrated_dsn,
        "insert into steve.worker (name, host, pid, version, channel, queues, concurrency, lease, "
        "expires_at) values ('one', 'here', 1, '0', 'c', '{default}', 10000, 3600, "
        "now() + interval '1 hour')",
    )
    assert (await looked(migrated_dsn, "connections")).status == "ok"
    found = await looked(migrated_dsn, "connections", transaction_connections=1000)
    assert (found.status, found.exit_code) == ("warning", 20)
    assert f"may open {1000 + CONNECTIONS_PER_WORKER} more" in found.found[0]
    name = conninfo.conninfo_to_dict(migrated_dsn)["dbname"]
    sql(migrated_dsn, "delete from steve.worker", f"alter database {name} connection limit 4")
    found = await looked(migrated_dsn, "connections")
    assert found.status == "warning"
    assert "3 connections left within the limit of this database" in found.found[0]


async def test_a_worker_has_as_many_connections_as_are_counted(migrated_dsn: str) -> None:
    # With a lease this short its connection is there soon.
    settings: Any = {"lease": 1.0, "handlers": {"t": str}, "handle_signals": False}
    async with Jobs(migrated_dsn, **settings) as jobs:
        await jobs.start()
        await jobs.wait(await jobs.create("t"), timeout=10)
        query = (
            "select application_name from pg_stat_activity where datname = current_database() "
            "and (application_name like 'steve worker%' or application_name = 'steve listener')"
        )

        async def all_there() -> bool:
            return len(sql(migrated_dsn, query)) == CONNECTIONS_PER_WORKER

        await eventually_async(all_there, what="connections of a worker")
        # Whoever looks from within a running program looks as well as from outside.
        found = await jobs.doctor()
        assert found.status == "ok", found
        [connections] = [check for check in found.checks if check.name == "connections"]
        assert "the live workers may open 2 more" in connections.found[0]
        await jobs.stop()


async def test_notifications_do_not_arrive_through_a_pooler(
    migrated_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examine, "ECHO_TIMEOUT", 0.5)
    async with DeafProxy(migrated_dsn).running() as pooler:
        found = await looked(pooler.dsn, "listen")
        assert (found.status, found.exit_code) == ("warning", 21)
        assert "through a transaction pooler" in found.found[0]
        assert "listen_db=" in found.remedy[0]
        # The way out that it names works; everything else works through the pooler.
        assert (await looked(pooler.dsn, "listen", listen_db=migrated_dsn)).status == "ok"
        whole = await examined(pooler.dsn, listen_db=migrated_dsn)
        assert whole.status == "ok", whole


async def test_listening_in_another_database(
    migrated_dsn: str, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notifications stay in their database."""
    monkeypatch.setattr(examine, "ECHO_TIMEOUT", 0.5)
    found = await looked(migrated_dsn, "listen", listen_db=dsn)
    assert found.status == "warning"
    assert "the connection of listen_db" in found.found[0]


async def test_nobody_where_listen_db_leads(migrated_dsn: str) -> None:
    place = f"postgresql://me:hidden@127.0.0.1:{unused_port()}/none"
    found = await looked(migrated_dsn, "listen", listen_db=place)
    assert found.status == "error"
    assert "hidden" not in str(found)


async def test_the_echo_leaves_nothing_behind(migrated_dsn: str) -> None:
    database = Database(migrated_dsn)
    assert await hears_itself(database, None, timeout=5.0) == (True, False)
    await database.close()

    def gone() -> bool:
        query = "select from pg_stat_activity where application_name = 'steve echo'"
        return not sql(migrated_dsn, query)

    eventually(gone, what="the end of the connection")


async def test_the_clocks_of_one_machine_agree(migrated_dsn: str) -> None:
    found = await looked(migrated_dsn, "clock")
    assert found.status == "ok"
    assert "differ by 0.0" in found.found[0]


async def test_clocks_that_differ(migrated_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from time import time

    from steve.jobs.doctor import asking

    monkeypatch.setattr(asking, "time", lambda: time() + 90.0)
    found = await looked(migrated_dsn, "clock")
    assert (found.status, found.exit_code) == ("warning", 22)
    assert "90.0 s" in found.found[0]
    assert "behind this machine's" in found.found[0]
    assert "run_at" in found.remedy[0]
