"""Creating many jobs: lazily, all or none, exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from integration.jobs.conftest import Connection, Make
from integration.jobs.test_create import same
from steve import Backoff, Job, Jobs, NewJob, OptionError, OptionTypeError, PayloadError
from support.cutting import CuttingProxy


async def count(connection: Connection) -> int:
    cursor = await connection.execute("select count(*) from steve.job")
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


def numbered(most: int) -> Iterator[tuple[str, Any]]:
    return (("t", {"n": n}) for n in range(most))


async def test_the_uids_come_in_the_order_of_the_items(jobs: Jobs) -> None:
    uids = await jobs.create_many([("t", {"n": n}) for n in range(1234)])
    assert len(set(uids)) == 1234
    for n in (0, 499, 500, 1233):
        job = (await jobs.find(uids[n])).job
        assert job is not None
        assert job.payload == {"n": n}
    assert uids == sorted(uids)


async def test_nothing_is_nothing(jobs: Jobs, connection: Connection) -> None:
    assert await jobs.create_many([]) == []
    assert await count(connection) == 0


async def test_the_same_jobs_as_one_by_one(jobs: Jobs) -> None:
    start = datetime(2031, 1, 1, tzinfo=UTC)
    options: dict[str, Any] = {
        "max_attempts": 7,
        "max_crashes": 0,
        "backoff_strategy": Backoff("fixed", factor=5),
        "run_at": start,
        "timeout": 5,
        "queue": "mail",
        "priority": 9,
        "tags": ['a "b"', "c,d", "{}", "\\", "null", "e\tf\ng"],
        "meta": {"k": "\\."},
    }
    payload = {"text": 'tab\t line\n back\\slash "quote" \\. \\N', "ü": [1, None, 2.5]}
    one = await jobs.create("type\\.\t", payload, **options)
    (uid,) = await jobs.create_many([("type\\.\t", payload, options)])
    other = (await jobs.find(uid)).job
    assert other is not None
    found = (await jobs.find(one.uid)).job
    assert found is not None
    for job in (found, other):
        job.id, job.uid, job.created_at, job.updated_at = 0, uid, start, start
    same(found, other)


async def test_items_of_all_forms(jobs: Jobs) -> None:
    items: list[Any] = [
        ("a", None),
        ("b", {"x": 1}, {"queue": "q"}),
        NewJob("c"),
        NewJob("d", [1], {"delay": 60}),
        ["e", 5],
    ]
    uids = await jobs.create_many(items)
    made = [(await jobs.find(uid)).job for uid in uids]
    assert [(job.type, job.payload, job.queue) for job in made if job] == [
        ("a", {}, "default"),
        ("b", {"x": 1}, "q"),
        ("c", {}, "default"),
        ("d", [1], "default"),
        ("e", 5, "default"),
    ]
    delayed = made[3]
    assert delayed is not None
    assert timedelta(seconds=59) < delayed.run_at - delayed.created_at < timedelta(seconds=61)


async def test_defaults_of_handlers_count(jobs: Jobs) -> None:
    @jobs.handler("t", queue="slow")
    async def handle(job: Job) -> None: ...

    uids = await jobs.create_many([("t", 1), ("t", 1, {"queue": "fast"}), ("u", 1)])
    queues = [job.queue for uid in uids if (job := (await jobs.find(uid)).job)]
    assert queues == ["slow", "fast", "default"]


async def test_lazy_and_async_items(jobs: Jobs, connection: Connection) -> None:
    async def later() -> AsyncGenerator[tuple[str, Any], None]:
        for n in range(1300):
            await asyncio.sleep(0)
            yield "t", n

    assert len(await jobs.create_many(numbered(1300))) == 1300
    assert len(await jobs.create_many(later())) == 1300
    assert await count(connection) == 2600


async def test_items_are_taken_while_they_are_sent(jobs: Jobs) -> None:
    held: list[int] = []
    seen: list[int] = []

    def items() -> Iterator[tuple[str, Any]]:
        for n in range(3000):
            held.append(n)
            yield "t", n

    def progress(sent: int) -> None:
        seen.append(sent)
        assert len(held) <= sent

    await jobs.create_many(items(), progress=progress)
    assert seen == sorted(seen)
    assert seen[-1] == 3000
    assert len(seen) >= 5


async def test_progress_may_be_a_coroutine_function(jobs: Jobs) -> None:
    seen: list[int] = []

    async def progress(sent: int) -> None:
        seen.append(sent)

    await jobs.create_many(numbered(10), progress=progress)
    assert seen == [10]


async def test_the_event_loop_goes_on_meanwhile(jobs: Jobs) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    await jobs.create_many(numbered(5000))
    turning.cancel()
    assert turns > 10


async def test_a_bad_item_means_none_at_all_and_says_which(
    jobs: Jobs, connection: Connection
) -> None:
    items: list[Any] = [*numbered(1700), ("t", {"a": [float("nan")]})]
    with pytest.raises(PayloadError) as caught:
        await jobs.create_many(items)
    assert caught.value.path == "$.a[0]"
    assert "item 1700" in caught.value.__notes__[0]
    with pytest.raises(OptionError):
        await jobs.create_many([("t", 1), ("t", 1, {"priority": 1000})])
    assert await count(connection) == 0


async def test_an_error_of_the_source_means_none_at_all(jobs: Jobs, connection: Connection) -> None:
    def items() -> Iterator[tuple[str, Any]]:
        yield from numbered(1100)
        raise KeyError("the source is broken")

    with pytest.raises(KeyError, match="broken"):
        await jobs.create_many(items())
    assert await count(connection) == 0
    # And the manager is none the worse for it.
    assert len(await jobs.create_many(numbered(3))) == 3


async def test_being_cancelled_means_none_at_all(jobs: Jobs, connection: Connection) -> None:
    started = asyncio.Event()

    async def items() -> AsyncGenerator[tuple[str, Any], None]:
        for item in numbered(700):
            yield item
        started.set()
        await asyncio.Event().wait()

    creating = asyncio.create_task(jobs.create_many(items()))
    await started.wait()
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    assert await count(connection) == 0
    assert len(await jobs.create_many(numbered(3))) == 3


@pytest.mark.parametrize(
    "items", [None, 3, "text", b"bytes", {"t": {}}, NewJob("t"), [3], ["text"], [("t",)],
              [("t", 1, None)], [("t", 1, {}, 2)], [(3, 1)], [None], [{"type": "t"}]]
)  # fmt: skip
async def test_what_is_no_list_of_jobs(jobs: Jobs, items: Any) -> None:
    with pytest.raises(OptionTypeError):
        await jobs.create_many(items)


async def test_unknown_options_in_items(jobs: Jobs) -> None:
    with pytest.raises(OptionTypeError, match="unique_key"):
        await jobs.create_many([("t", 1, {"unique_key": "k"})])


async def test_a_copy_takes_as_long_as_it_takes(jobs: Jobs, connection: Connection) -> None:
    """Our sessions have a statement timeout, which does not hold for a COPY."""
    await jobs.open()
    runtime = vars(jobs)["_runtime"]
    await runtime.database.close()
    runtime.database.statement_timeout = 0.3

    async def items() -> AsyncGenerator[tuple[str, Any], None]:
        for item in numbered(1200):
            yield item
        await asyncio.sleep(0.6)
        yield "t", "late"

    assert len(await jobs.create_many(items())) == 1201
    assert await count(connection) == 1201


@pytest.mark.parametrize("trouble", ["lose_request", "lose_answer"])
@pytest.mark.parametrize("pattern", [b"select steve", b"copy", b"COMMIT"], ids=["a", "b", "c"])
async def test_a_list_whose_connection_is_lost_is_created_exactly_once(
    make: Make, shared_dsn: str, connection: Connection, trouble: str, pattern: bytes
) -> None:
    pattern = b'"steve".now()' if pattern.startswith(b"select") else pattern
    async with CuttingProxy(shared_dsn).running() as proxy:
        jobs = make(proxy.dsn)
        await jobs.open()
        getattr(proxy, trouble)(pattern)
        uids = await jobs.create_many(list(numbered(1100)))
        assert proxy.acted.is_set()
        cursor = await connection.execute("select uid from steve.jobs order by id")
        assert [uid for (uid,) in await cursor.fetchall()] == uids
        await jobs.close()


async def test_a_commit_that_arrives_late_is_waited_for(
    make: Make, shared_dsn: str, connection: Connection
) -> None:
    async with CuttingProxy(shared_dsn).running() as proxy:
        jobs = make(proxy.dsn)
        await jobs.open()
        proxy.hold_request(b"COMMIT")
        creating = asyncio.create_task(jobs.create_many(list(numbered(1100))))
        await proxy.acted.wait()
        await asyncio.sleep(0.3)
        assert not creating.done()
        proxy.release()
        uids = await creating
        cursor = await connection.execute("select uid from steve.jobs order by id")
        assert [uid for (uid,) in await cursor.fetchall()] == uids
        await jobs.close()


async def test_what_can_be_had_only_once_is_not_lost_in_silence(
    make: Make, shared_dsn: str, connection: Connection
) -> None:
    """The reply to the commit is lost: found out. The connection before: an error, and no job."""
    async with CuttingProxy(shared_dsn).running() as proxy:
        jobs = make(proxy.dsn)
        await jobs.open()
        proxy.lose_answer(b"COMMIT")
        assert len(await jobs.create_many(numbered(1100))) == 1100
        assert await count(connection) == 1100
        proxy.lose_request(b"COMMIT")
        with pytest.raises(psycopg.OperationalError):
            await jobs.create_many(numbered(1100))
        assert await count(connection) == 1100
        await jobs.close()
