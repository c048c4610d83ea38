"""Making a manager: its options, and what they stand for."""

from __future__ import annotations

import asyncio
import inspect
import logging
from itertools import pairwise

import psycopg
import psycopg_pool
import pytest

from original.asking import finished, known, rows, value
from original.conftest import Connection, Make
from original.handlers import LONG, attempt
from steve import Job, Jobs, OptionError, OptionTypeError
from support.network import unused_port
from support.waiting import eventually_async

SCHEMA_IS_THERE = "select count(*) from pg_namespace where nspname = %s"
UNTIL = "select until from steve.sleeper where array_length(queues, 1) > 0"


def test_a_manager_is_made_without_touching_a_database() -> None:
    """The original connects to nothing when it is made, and so it is here, without a loop."""
    Jobs("postgresql://nobody@127.0.0.1:1/nothing")


def test_options_that_were_left_out() -> None:
    """The original polls every 1000 ms and stops gracefully upon SIGTERM, here in seconds."""
    options = inspect.signature(Jobs).parameters
    assert options["poll_interval"].default == 1.0
    assert options["handle_signals"].default is True


async def test_the_tables_are_made_upon_first_use(dsn: str, make: Make) -> None:
    """The original makes its tables upon first use, and so it is here."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as own:
        jobs = make(dsn)
        assert await value(own, SCHEMA_IS_THERE, "steve") == 0
        await jobs.create("t")
        assert await value(own, "select count(*) from steve.jobs") == 1


async def test_a_pool_stays_the_callers(make: Make, shared_dsn: str) -> None:
    """The original never closes the pool it was given, and so it is here."""
    async with psycopg_pool.AsyncConnectionPool(shared_dsn, min_size=1, open=False) as pool:
        jobs = make(pool, handlers={"t": attempt})
        await jobs.start(1)
        assert (await finished(jobs, "t")).result == "attempt 1"
        await jobs.stop()
        await jobs.close()
        async with pool.connection() as connection:
            assert await value(connection, "select 1") == 1


async def test_a_single_connection_is_not_enough(connection: Connection) -> None:
    """The original also takes one client; here that is a TypeError, see the seventh defect."""
    with pytest.raises(OptionTypeError, match="AsyncConnectionPool"):
        Jobs(connection)  # pyright: ignore[reportArgumentType]


async def test_the_fallback_handles_what_has_no_handler_of_its_own(make: Make) -> None:
    """The original takes the type's handler, then the global one, and so it is here."""
    jobs = make(handler=lambda job: "any", handlers={"t": lambda job: "own"})
    await jobs.start(1)
    assert (await finished(jobs, "t")).result == "own"
    assert (await finished(jobs, "u")).result == "any"
    jobs.set_handler("t", None)
    assert (await finished(jobs, "t")).result == "any"


async def test_handlers_are_looked_up_when_a_job_is_executed(make: Make) -> None:
    """The original lets handlers be swapped while it runs, and so it is here."""
    jobs = make(handlers={"t": lambda job: "old"})
    await jobs.start(1)
    assert (await finished(jobs, "t")).result == "old"
    jobs.set_handler("t", lambda job: "new")
    assert (await finished(jobs, "t")).result == "new"


def test_the_mapping_of_handlers_is_copied() -> None:
    """The original keeps the map it was given and changes it; here it is copied."""
    handlers = {"t": attempt}
    jobs = Jobs(handlers=handlers)
    handlers["u"] = attempt
    assert not jobs.has_handler("u")
    jobs.set_handler("v", attempt)
    assert "v" not in handlers


async def test_a_schema_in_place_of_a_prefix(dsn: str, make: Make) -> None:
    """The original prefixes tables, unquoted, in a schema that must exist; here it is made."""
    name = 'my "jobs"; drop'
    jobs = make(dsn, schema=name)
    await jobs.create("t")
    async with await psycopg.AsyncConnection.connect(dsn) as own:
        assert await value(own, SCHEMA_IS_THERE, name) == 1


async def test_several_live_side_by_side(dsn: str, make: Make) -> None:
    """The original's prefixes keep instances in one database apart; here schemas do."""
    one, two = make(dsn, schema="one"), make(dsn, schema="two", handlers={"t": attempt})
    await two.start(1)
    mine = await one.create("t")
    assert (await finished(two, "t")).status == "completed"
    assert (await known(one, mine)).status == "pending"
    assert len(await one.fetch_all()) == len(await two.fetch_all()) == 1


async def test_an_idle_worker_polls_with_jitter(make: Make, connection: Connection) -> None:
    """The original polls, ±25 %; so it is here, where a notification does not come first."""
    deaf = f"postgresql://127.0.0.1:{unused_port()}/nothing"
    jobs = make(handlers={"t": attempt}, poll_interval=0.1, listen_db=deaf)
    await jobs.start(1)
    # An idle worker writes down when it goes to sleep. It does so more often in the beginning.
    seen: list[float] = []

    async def enough() -> bool:
        for (until,) in await rows(connection, UNTIL):
            if until.timestamp() not in seen:
                seen.append(until.timestamp())
        return len(seen) > 8

    await eventually_async(enough)
    pauses = [after - before for before, after in pairwise(seen[3:])]
    assert min(pauses) >= 0.075
    assert max(pauses) - min(pauses) > 0.001
    assert (await finished(jobs, "t")).result == "attempt 1"


@pytest.mark.parametrize("seconds", [0, -1])
def test_there_is_no_busy_loop(seconds: float) -> None:
    """The original takes 0 and less as they are and polls without a pause; here it is refused."""
    with pytest.raises(OptionError, match="poll_interval"):
        Jobs(poll_interval=seconds)


async def test_log_lines_go_to_logging(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The original is given a logger; here there is `logging`, under the name steve."""
    with caplog.at_level(logging.INFO, "steve"):
        jobs = make()
        await jobs.start(1)
        await jobs.stop()
    assert any("started" in record.message for record in caplog.records)
    assert all(record.name.split(".")[0] == "steve" for record in caplog.records)


async def test_lost_connections_are_made_up_for(make: Make, connection: Connection) -> None:
    """The original repeats database calls if told to, even twice; here always, and only once."""
    seen: list[Job] = []
    jobs = make(handlers={"t": seen.append})
    await jobs.start(2)
    for _ in range(3):
        await rows(
            connection,
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()",
        )
        await finished(jobs, "t")
    assert await value(connection, "select count(*) from steve.jobs") == 3
    assert len({job.uid for job in seen}) == 3


async def test_health_is_there_without_being_asked_for(make: Make) -> None:
    """The original watches the database if told to; here `health` measures when it is asked."""
    async with asyncio.timeout(LONG):
        health = await make().health()
    assert health.latency > 0
    assert health.version
