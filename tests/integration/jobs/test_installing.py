"""Installing, resetting, uninstalling: never under the feet of workers, unless forced."""

from __future__ import annotations

import asyncio

import pytest

from integration.jobs.conftest import Make
from steve import Jobs, SchemaMissing, WorkersAlive


@pytest.fixture
def jobs(make: Make, dsn: str) -> Jobs:
    """A manager on a database of the test's own, with nothing in it."""
    return make(dsn)


async def test_migrating_can_be_repeated(jobs: Jobs) -> None:
    await jobs.migrate()
    job = await jobs.create("t")
    await jobs.migrate()
    assert (await jobs.find(job)).job is not None


async def test_a_reset_removes_everything(jobs: Jobs) -> None:
    job = await jobs.create("t")
    await jobs.queues.pause("q")
    await jobs.reset()
    assert (await jobs.find(job)).job is None
    assert await jobs.queues.list() == []
    await jobs.create("t")


async def test_a_reset_also_installs(jobs: Jobs) -> None:
    await jobs.reset()
    await jobs.create("t")


async def test_a_manager_goes_on_after_its_schema_was_uninstalled(
    jobs: Jobs, make: Make, dsn: str
) -> None:
    await jobs.create("t")
    await jobs.uninstall()
    with pytest.raises(SchemaMissing):
        await make(dsn, migrate="check").open()
    await jobs.create("t")
    assert len(await jobs.fetch_all()) == 1


async def test_uninstalling_where_nothing_is_installed(jobs: Jobs) -> None:
    await jobs.uninstall()
    await jobs.uninstall()


async def test_a_schema_that_somebody_else_removed_is_an_error_that_says_so(
    jobs: Jobs, make: Make, dsn: str
) -> None:
    job = await jobs.create("t")
    await make(dsn).uninstall()
    for use in (jobs.create("t"), jobs.create_many([("t", 1)]), jobs.find(job), jobs.wait(job, 5)):
        with pytest.raises(SchemaMissing, match="'steve'"):
            await use


async def test_live_workers_are_respected(jobs: Jobs, make: Make, dsn: str) -> None:
    worker = make(dsn)
    await worker.start(1)
    for refused in (jobs.reset, jobs.uninstall, worker.reset):
        with pytest.raises(WorkersAlive, match="worker"):
            await refused()
    await worker.stop()
    await jobs.reset()
    await jobs.uninstall()


async def test_force_is_force_and_the_workers_end(jobs: Jobs, make: Make, dsn: str) -> None:
    worker = make(dsn, poll_interval=0.1)
    working = asyncio.create_task(worker.run(1))

    async def registered() -> bool:
        return bool((await jobs.health()).workers)

    from support.waiting import eventually_async

    await eventually_async(registered)
    await jobs.uninstall(force=True)
    async with asyncio.timeout(20):
        with pytest.raises(SchemaMissing, match="is gone"):
            await working
    # It can begin anew.
    await worker.migrate()
    worker.set_handler("t", lambda job: "ran")
    await worker.start(1)
    assert await worker.result(await worker.create("t"), 10) == "ran"


async def test_others_schemas_are_left_alone(make: Make, dsn: str) -> None:
    one, two = make(dsn, schema="one"), make(dsn, schema="two")
    job = await two.create("t")
    await one.create("t")
    await two.start(1)
    await one.reset()
    await one.uninstall()
    assert (await two.find(job)).job is not None


async def test_a_pool_without_autocommit_can_install(make: Make, dsn: str) -> None:
    import psycopg_pool

    async with psycopg_pool.AsyncConnectionPool(dsn, min_size=1, open=False) as pool:
        jobs = make(pool)
        await jobs.create("t")
        await jobs.reset()
        await jobs.create("t")
        await jobs.uninstall()
        await jobs.close()
