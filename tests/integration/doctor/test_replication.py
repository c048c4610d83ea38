"""A replica that keeps its primary from cleaning up, while it is there and when it is gone."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import conninfo

from steve.database.embedded import start_blocking
from steve.jobs.doctor import snapshots
from support.embedded_home import Home
from support.examining import looked, sql
from support.waiting import eventually, eventually_async

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.any_postgres, pytest.mark.timeout(60)]

IDLE = 0.3


@pytest.fixture
def other(home: Home, programs: Path, tmp_path: Path) -> Iterator[Home]:
    """A home with a copy of the data of the first one. Nothing runs there after the test."""
    with start_blocking(home.path, binaries=programs, idle=IDLE):
        pass
    home.wait_until_down()
    other = Home(tmp_path / "replica")
    other.path.mkdir()
    # With the owners of all files: where the tests run as root, the server may not.
    subprocess.run(["cp", "-a", home.layout.directory, other.layout.directory], check=True)
    yield other
    other.wait_until_down()


async def test_a_replica_and_its_slot(
    home: Home, other: Home, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_TRANSACTIONS", 20)
    with start_blocking(home.path, binaries=programs, idle=IDLE) as primary:
        follow(other, primary.dsn)
        sql(primary.dsn, "select pg_create_physical_replication_slot('replica')")
        with (
            start_blocking(other.path, binaries=programs, idle=IDLE) as replica,
            psycopg.connect(replica.dsn) as reader,
        ):
            reader.execute("set transaction isolation level repeatable read")
            reader.execute("select 1")
            eventually(lambda: sql(primary.dsn, SLOT_HOLDS), what="feedback of the replica")
            assert (await looked(primary.dsn, "snapshots")).status == "ok"
            pass_time(primary.dsn)
            found = await looked(primary.dsn, "snapshots")
            assert found.status == "error"
            assert "the replication slot 'replica' is active, and keeps rows" in found.found[0]
        other.wait_until_down()
        found = await looked(primary.dsn, "snapshots")
        assert "the replication slot 'replica' has been inactive" in found.found[0]

        async def mended() -> bool:
            # It is in use until the primary has seen the replica go.
            sql(primary.dsn, *(await looked(primary.dsn, "snapshots")).sql)
            return (await looked(primary.dsn, "snapshots")).status == "ok"

        await eventually_async(mended, what="the end of the slot")


SLOT_HOLDS = "select from pg_replication_slots where active and xmin is not null"


def follow(other: Home, primary: str) -> None:
    """Make the copy of a server follow it."""
    (other.layout.data / "standby.signal").touch()
    place = conninfo.make_conninfo(primary).replace("'", "''")
    with (other.layout.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"primary_conninfo = '{place}'\n"
            "primary_slot_name = 'replica'\n"
            "hot_standby_feedback = on\n"
            "wal_receiver_status_interval = 1\n"
        )


def pass_time(dsn: str) -> None:
    """Let transactions begin: that is how the age of a snapshot is counted."""
    sql(dsn, *["select txid_current()"] * 30)
