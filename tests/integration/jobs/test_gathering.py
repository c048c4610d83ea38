"""Creates that come at the same time: together where that helps, and each for itself where not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from steve import ConnectionFailed
from steve.core.options import JobOptions, prepare
from steve.core.settings import Settings
from steve.jobs.gathering import AT_ONCE, LARGEST_PAYLOAD, Gathering
from support.cutting import CuttingProxy

if TYPE_CHECKING:
    from integration.jobs.conftest import Connection, Make
    from steve import Jobs
    from steve.core.job import PreparedJob
    from steve.database.database import Database

CREATES = 40
TOGETHER = b"create_jobs"


def prepared(payload: Any = None, **options: Any) -> PreparedJob:
    return prepare("t", payload, None, JobOptions(**options), Settings())


def database_of(jobs: Jobs) -> Database:
    return vars(jobs)["_runtime"].database


async def statements(connection: Connection) -> int:
    """How many transactions have created the jobs that there are."""
    cursor = await connection.execute("select count(distinct xmin::text) from steve.job")
    return (await cursor.fetchall())[0][0]


async def test_each_gets_its_own_job(jobs: Jobs, connection: Connection) -> None:
    made = await asyncio.gather(
        *(jobs.create("t", {"n": n}, priority=n % 5) for n in range(CREATES))
    )
    assert [job.payload["n"] for job in made] == list(range(CREATES))
    assert [job.priority for job in made] == [n % 5 for n in range(CREATES)]
    cursor = await connection.execute("select uid, id, payload -> 'n', priority from steve.job")
    rows = {uid: rest for uid, *rest in await cursor.fetchall()}
    assert rows == {job.uid: [job.id, job.payload["n"], job.priority] for job in made}
    assert AT_ONCE < await statements(connection) < CREATES / 2


async def test_one_after_the_other_each_goes_at_once(jobs: Jobs, connection: Connection) -> None:
    for _ in range(5):
        await jobs.create("t")
    assert await statements(connection) == 5


async def test_large_ones_go_by_themselves(jobs: Jobs, connection: Connection) -> None:
    large = "x" * LARGEST_PAYLOAD
    await asyncio.gather(*(jobs.create("t", large) for _ in range(6)))
    assert await statements(connection) == 6


async def test_what_the_database_refuses_of_one_is_no_others_error(
    jobs: Jobs, connection: Connection
) -> None:
    await jobs.open()
    gathering = Gathering(database_of(jobs))
    taken = prepared()
    await gathering.create(taken)
    made = await asyncio.gather(
        *(gathering.create(taken if n == 20 else prepared()) for n in range(CREATES)),
        return_exceptions=True,
    )
    assert [type(one) for one in made if isinstance(one, BaseException)] == [
        psycopg.errors.UniqueViolation
    ]
    cursor = await connection.execute("select count(*) from steve.job")
    assert await cursor.fetchall() == [(CREATES,)]


@pytest.mark.parametrize("cancelled", [0, AT_ONCE, AT_ONCE + 1, CREATES - 1])
async def test_who_gives_up_is_nobody_elses_trouble(
    jobs: Jobs, connection: Connection, cancelled: int
) -> None:
    await jobs.open()
    creates = [asyncio.create_task(jobs.create("t", n)) for n in range(CREATES)]
    await asyncio.sleep(0.001)
    creates[cancelled].cancel()
    made = await asyncio.gather(*creates, return_exceptions=True)
    assert [n for n, job in enumerate(made) if isinstance(job, BaseException)] == [cancelled]
    cursor = await connection.execute("select count(*) from steve.job")
    ((there,),) = await cursor.fetchall()
    assert there in {CREATES - 1, CREATES}
    await jobs.create("t", "afterwards")


async def test_who_gives_up_when_it_would_lead(jobs: Jobs) -> None:
    """It is told to send the next group, and is cancelled before it gets to run."""
    await jobs.open()
    gathering = Gathering(database_of(jobs))
    creates = [asyncio.create_task(gathering.create(prepared(n))) for n in range(AT_ONCE + 3)]
    await asyncio.wait(creates[:AT_ONCE], return_when=asyncio.FIRST_COMPLETED)
    creates[AT_ONCE].cancel()
    await asyncio.wait(creates, timeout=5)
    assert [task.done() for task in creates] == [True] * len(creates)
    async with asyncio.timeout(5):
        await asyncio.gather(*(gathering.create(prepared(n)) for n in range(AT_ONCE + 3)))


@pytest.mark.parametrize("trouble", ["lose_request", "lose_answer"])
async def test_a_lost_group_is_created_exactly_once(
    make: Make, shared_dsn: str, connection: Connection, trouble: str
) -> None:
    async with CuttingProxy(shared_dsn).running() as proxy:
        jobs = make(proxy.dsn)
        await jobs.open()
        getattr(proxy, trouble)(TOGETHER)
        made = await asyncio.gather(*(jobs.create("t", n) for n in range(CREATES)))
        assert proxy.acted.is_set()
        cursor = await connection.execute("select uid from steve.job")
        there = [uid for (uid,) in await cursor.fetchall()]
        assert sorted(there) == sorted(job.uid for job in made)
        await jobs.close()


async def test_nobody_waits_twice_for_a_server_that_is_gone(make: Make, shared_dsn: str) -> None:
    async with CuttingProxy(shared_dsn).running() as proxy:
        jobs = make(proxy.dsn, connect_timeout=1.0)
        await jobs.open()
        proxy.refuse()
        loop = asyncio.get_running_loop()
        began = loop.time()
        made = await asyncio.gather(
            *(jobs.create("t") for _ in range(CREATES)), return_exceptions=True
        )
        assert {type(one) for one in made} == {ConnectionFailed}
        assert loop.time() - began < 5.0
        await jobs.close()
