"""An upgrade that meets locks waits in small portions, and others pass between them."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import psycopg
import pytest

from steve.core.errors import SchemaError
from steve.database import migrate as module
from steve.database.migrate import migrate, version
from steve.sql import migrations
from support.examining import looked, sql
from support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from typing import Any

pytestmark = pytest.mark.any_postgres

HEAD = len(migrations("steve"))
WAITING = """
    select xact_start from pg_stat_activity
    where application_name = 'upgrade' and wait_event_type = 'Lock'
        and datname = current_database()
"""
STILL_READERS = "lock table steve.migration in share mode"
"""Lets others read which migrations there were, and nobody record another."""


@pytest.fixture
async def upgrade(first_dsn: str) -> AsyncGenerator[psycopg.AsyncConnection[Any], None]:
    """The connection that migrates."""
    async with await psycopg.AsyncConnection.connect(
        first_dsn, autocommit=True, application_name="upgrade"
    ) as connection:
        yield connection


async def test_it_tries_again_until_the_lock_is_free(
    first_dsn: str, upgrade: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.1)
    tries: set[Any] = set()

    async def tried_again() -> bool:
        tries.update(sql(first_dsn, WAITING))
        return len(tries) >= 3

    async with await psycopg.AsyncConnection.connect(first_dsn) as holder:
        await holder.execute(STILL_READERS)
        upgrading = asyncio.create_task(migrate(upgrade, "steve"))
        await eventually_async(tried_again, what="three transactions that wait for the lock")
        # Nothing of it is there in between.
        assert sql(first_dsn, "select max(version) from steve.migration") == [(3,)]
        await holder.rollback()
        done = await upgrading
    assert [migration.version for migration in done] == list(range(4, HEAD + 1))
    assert (await looked(first_dsn, "drift")).status == "ok"


async def test_who_waits_behind_it_passes_when_a_try_is_over(
    first_dsn: str, upgrade: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for a lock that ours is in the way of, waits for one of our tries at most."""
    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.5)
    async with await psycopg.AsyncConnection.connect(first_dsn) as holder:
        await holder.execute(STILL_READERS)
        upgrading = asyncio.create_task(migrate(upgrade, "steve", patience=4.0))

        async def waits() -> bool:
            return bool(sql(first_dsn, WAITING))

        await eventually_async(waits)
        began = monotonic()
        # Behind a request for ROW EXCLUSIVE, in a queue that it would never leave by itself.
        async with await psycopg.AsyncConnection.connect(first_dsn) as other:
            await other.execute("set lock_timeout = '5s'")
            await other.execute(STILL_READERS)
            await other.rollback()
        assert monotonic() - began < 3.0
        with pytest.raises(SchemaError, match="end long transactions that use them"):
            await upgrading
        await holder.rollback()
    assert await version(upgrade, "steve") == 3
    assert await migrate(upgrade, "steve")


async def test_one_who_migrates_already_is_waited_for(
    first_dsn: str, upgrade: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.1)
    async with await psycopg.AsyncConnection.connect(first_dsn, autocommit=True) as other:
        async with module.locked(other, "steve"):
            with pytest.raises(SchemaError, match="other sessions hold locks"):
                await migrate(upgrade, "steve", patience=0.5)
        assert await migrate(upgrade, "steve")
