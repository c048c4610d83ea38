"""What only a server of one's own can have: other settings, another place in life."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.database.embedded import start_blocking
from steve.database.migrate import migrate
from steve.jobs.doctor import examine
from support.examining import examined, looked, sql
from support.waiting import eventually_async

if TYPE_CHECKING:
    from pathlib import Path

    from support.embedded_home import Home

pytestmark = [pytest.mark.any_postgres, pytest.mark.timeout(60)]

IDLE = 0.3


@pytest.mark.usefixtures("forgetful")
async def test_a_server_of_many_troubles(
    home: Home, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as connection:
            await migrate(connection, "steve")
        sql(server.dsn, "alter system set max_prepared_transactions = 5")
    home.wait_until_down()

    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        await autovacuum_is_off(server.dsn)
        monkeypatch.setattr(examine, "SNAPSHOT_WARNING", 0.0)
        await a_prepared_transaction(server.dsn)
    home.wait_until_down()

    (home.layout.data / "standby.signal").touch()
    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        await a_standby(server.dsn)


async def autovacuum_is_off(dsn: str) -> None:
    sql(dsn, "alter system set autovacuum = off", "select pg_reload_conf()")

    async def is_off() -> bool:
        return (await looked(dsn, "vacuum")).status == "error"

    await eventually_async(is_off, what="autovacuum off")
    found = await looked(dsn, "vacuum")
    assert found.found == [
        "autovacuum is off for the whole server: nothing cleans up behind the jobs"
    ]
    sql(dsn, *found.sql)

    async def is_on() -> bool:
        return (await looked(dsn, "vacuum")).status == "ok"

    await eventually_async(is_on, what="autovacuum on")


async def a_prepared_transaction(dsn: str) -> None:
    sql(dsn, "begin; select steve.create_job('t'); prepare transaction 'it''s lost'")
    found = await looked(dsn, "snapshots")
    assert found.status == "warning"
    assert 'the prepared transaction "it\'s lost" of postgres' in found.found[0]
    assert found.sql == ["ROLLBACK PREPARED 'it''s lost';"]
    sql(dsn, *found.sql)
    assert (await looked(dsn, "snapshots")).status == "ok"


async def a_standby(dsn: str) -> None:
    found = await examined(dsn)
    checks = {check.name: check for check in found.checks}
    assert (found.status, found.exit_code) == ("error", 10)
    assert "is a standby" in found.checks[0].found[0]
    assert "target_session_attrs" in found.checks[0].remedy[0]
    # What can be read is read, what cannot is said.
    assert {name for name, check in checks.items() if check.status == "unknown"} == {
        "drift",
        "listen",
    }
