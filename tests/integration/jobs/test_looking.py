"""Looking at jobs: one, a page, the whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration.jobs.conftest import Connection, Make
from steve import (
    Backoff,
    ErrorGroup,
    Found,
    Job,
    JobNotFound,
    Jobs,
    OptionError,
    OptionTypeError,
    WorkerInfo,
    noop,
)
from steve.core.uid import uuid7
from support.waiting import eventually_async


async def test_find_takes_a_uid_its_text_or_a_job(jobs: Jobs) -> None:
    job = await jobs.create("t")
    for what in (job.uid, str(job.uid), job.uid.hex, job):
        found = await jobs.find(what)
        assert isinstance(found, Found)
        assert found.job is not None
        assert (found.job.uid, found.attempts) == (job.uid, None)


async def test_find_unpacks_as_a_pair(jobs: Jobs) -> None:
    job, attempts = await jobs.find((await jobs.create("t")).uid, with_attempts=True)
    assert job is not None
    assert attempts == []


async def test_an_unknown_job_is_none(jobs: Jobs) -> None:
    assert await jobs.find(uuid7()) == (None, None)
    assert await jobs.find(uuid7(), with_attempts=True) == (None, None)


@pytest.mark.parametrize("uid", ["", "nonsense", "0192d3a4", "x" * 36])
async def test_a_malformed_uid_is_an_error(jobs: Jobs, uid: str) -> None:
    for use in (jobs.find, jobs.wait, jobs.result, jobs.cancel, jobs.retry, jobs.delete):
        with pytest.raises(ValueError, match="malformed"):
            await use(uid)


@pytest.mark.parametrize("uid", [3, None, b"bytes", 1.5])
async def test_a_uid_of_another_type_is_an_error(jobs: Jobs, uid: Any) -> None:
    for use in (jobs.find, jobs.wait, jobs.result):
        with pytest.raises(OptionTypeError):
            await use(uid)


@pytest.fixture
async def made(jobs: Jobs) -> list[Job]:
    """Eight jobs: types a and b, queues x and y, the last two cancelled."""
    made = [
        await jobs.create(
            "ab"[n % 2], n, queue="xy"[n // 4], tags=["odd"] if n % 2 else ["even", "ü"]
        )
        for n in range(8)
    ]
    await jobs.cancel([made[6], made[7]])
    return made


def numbers(jobs: list[Job]) -> list[int]:
    return [job.payload for job in jobs]


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({}, [7, 6, 5, 4, 3, 2, 1, 0]),
        ({"ascending": True}, [0, 1, 2, 3, 4, 5, 6, 7]),
        ({"limit": 3}, [7, 6, 5]),
        ({"limit": 0}, []),
        ({"limit": 2, "offset": 3}, [4, 3]),
        ({"status": "pending"}, [5, 4, 3, 2, 1, 0]),
        ({"status": "cancelled"}, [7, 6]),
        ({"status": ["cancelled", "pending"], "limit": 3}, [7, 6, 5]),
        ({"status": ("failed", None, "")}, []),
        ({"status": []}, [7, 6, 5, 4, 3, 2, 1, 0]),
        ({"type": "a"}, [6, 4, 2, 0]),
        ({"type": ["a", "b"], "queue": "x"}, [3, 2, 1, 0]),
        ({"queue": {"y"}}, [7, 6, 5, 4]),
        ({"tag": "odd", "status": "pending"}, [5, 3, 1]),
        ({"tag": "ü", "queue": "y"}, [6, 4]),
        ({"type": "nothing"}, []),
        ({"since": datetime(2000, 1, 1, tzinfo=UTC), "limit": 1}, [7]),
        ({"since": datetime(2100, 1, 1, tzinfo=UTC)}, []),
        ({"since": 3600, "limit": 1}, [7]),
        ({"since": timedelta(hours=1), "limit": 1}, [7]),
        ({"since": 0}, []),
    ],
)
async def test_pages_and_filters(
    jobs: Jobs, made: list[Job], filter: dict[str, Any], expected: list[int]
) -> None:
    assert numbers(await jobs.fetch_all(**filter)) == expected


async def test_ten_are_a_page_and_no_window_of_time_hides_others(
    jobs: Jobs, connection: Connection
) -> None:
    await jobs.create_many([("t", n) for n in range(12)])
    await connection.execute("update steve.job set created_at = created_at - interval '1 year'")
    assert len(await jobs.fetch_all()) == 10
    assert len(await jobs.fetch_all(limit=100)) == 12


@pytest.mark.parametrize("ascending", [False, True])
async def test_a_cursor_goes_through_all_of_them(
    jobs: Jobs, made: list[Job], ascending: bool
) -> None:
    def as_job(job: Job) -> Any:
        return job

    for cursor in (as_job, lambda job: job.id, lambda job: job.uid, lambda job: str(job.uid)):
        seen: list[int] = []
        page = await jobs.fetch_all(limit=3, ascending=ascending)
        while page:
            seen += numbers(page)
            page = await jobs.fetch_all(limit=3, ascending=ascending, after=cursor(page[-1]))
        assert sorted(seen) == list(range(8))
        assert len(seen) == 8


async def test_a_cursor_that_is_unknown_is_an_error(jobs: Jobs) -> None:
    with pytest.raises(JobNotFound):
        await jobs.fetch_all(after=uuid7())
    with pytest.raises(OptionError):
        await jobs.fetch_all(after=2**63)


@pytest.mark.parametrize(
    "filter",
    [
        {"status": "done"},
        {"limit": -1},
        {"offset": -1},
        {"type": ""},
        {"tag": "x" * 256},
        {"since": datetime(2030, 1, 1)},
        {"since": -1},
    ],
)
async def test_filters_out_of_range(jobs: Jobs, filter: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        await jobs.fetch_all(**filter)


@pytest.mark.parametrize(
    "filter",
    [
        {"status": 3},
        {"limit": "10"},
        {"type": 3},
        {"tag": ["a"]},
        {"since": "2030-01-01"},
        {"ascending": 1},
        {"after": 1.5},
    ],
)
async def test_filters_of_a_wrong_type(jobs: Jobs, filter: dict[str, Any]) -> None:
    with pytest.raises(OptionTypeError):
        await jobs.fetch_all(**filter)


async def test_health_of_an_idle_database(jobs: Jobs, made: list[Job]) -> None:
    health = await jobs.health()
    assert health.counts == {"pending": 6, "cancelled": 2}
    assert sum(row.count for row in health.jobs) == 8
    assert health.oldest_ready is not None
    assert 0 <= health.oldest_ready < 60
    assert health.unhandled_types == ["a", "b"]
    assert health.workers == []
    assert 0 < health.latency < 10
    assert health.version[0].isdigit()
    assert abs((health.now - datetime.now(UTC)).total_seconds()) < 60
    assert 0 < health.connections <= health.max_connections
    assert health.connections_needed == 0


async def test_health_looks_back_as_far_as_asked(jobs: Jobs, made: list[Job]) -> None:
    assert (await jobs.health(since=0)).counts == {"pending": 6}
    assert (await jobs.health(since=timedelta(days=1))).counts == {"pending": 6, "cancelled": 2}
    with pytest.raises(OptionTypeError):
        await jobs.health(since="1h")  # pyright: ignore[reportArgumentType]


async def test_health_names_workers_and_what_they_need(make: Make) -> None:
    jobs = make(transaction_connections=3)
    jobs.set_handler("t", lambda job: job.payload)
    await jobs.start(7)
    for n in range(5):
        await jobs.wait(await jobs.create("t", n), timeout=10)
    health = await jobs.health()
    (worker,) = health.workers
    assert (worker.concurrency, worker.queues, worker.types) == (7, ["default"], ["t"])
    assert health.connections_needed == 5 + 3
    (row,) = health.jobs
    assert (row.status, row.type, row.queue, row.count) == ("completed", "t", "default", 5)
    assert row.mean is not None
    assert row.p50 is not None
    assert row.p99 is not None
    assert 0 <= row.p50 <= row.p99 < 5
    assert health.oldest_ready is None


async def test_finding_is_not_planned_each_time(jobs: Jobs) -> None:
    """Among a hundred partitions a plan takes ten times as long to make as to use."""
    job = await jobs.create("t")
    for _ in range(4):
        assert (await jobs.find(job.uid)).job is not None
    async with vars(jobs)["_runtime"].database.connection() as connection:
        cursor = await connection.execute(
            "select generic_plans, custom_plans from pg_prepared_statements"
            " where statement like '%missing as materialized%'"
        )
        assert await cursor.fetchall() == [(4, 0)]
        cursor = await connection.execute("show plan_cache_mode")
        assert await cursor.fetchall() == [("auto",)]


async def test_errors_are_grouped(jobs: Jobs) -> None:
    async def broken(job: Job) -> None:
        if job.payload:
            raise KeyError(job.payload)
        raise ValueError("nothing")

    jobs.set_handler("a", broken)
    jobs.set_handler("b", broken)
    assert await jobs.errors() == []
    await jobs.start()
    for type, payload in (("a", None), ("a", "x"), ("a", "y"), ("b", "x")):
        await jobs.wait(await jobs.create(type, payload, max_attempts=1), timeout=20)
    again = await jobs.create("b", "x", backoff_strategy=Backoff("fixed", factor=3600))

    async def tried() -> bool:
        return (await jobs.find(again)).job.error is not None  # type: ignore[union-attr]

    await eventually_async(tried)
    first, *rest = await jobs.errors(since=timedelta(minutes=5))
    assert (first.type, first.count, first.error.type, first.error.message) == (
        "a", 2, "KeyError", "'y'",
    )  # fmt: skip
    assert (len(first.counts), sum(first.counts), first.retrying) == (24, 2, 0)
    assert sorted((g.type, g.error.type, g.count, g.retrying) for g in rest) == [
        ("a", "ValueError", 1, 0), ("b", "KeyError", 1, 1),
    ]  # fmt: skip
    assert {g.fingerprint for g in rest if g.error.type == "KeyError"} == {first.fingerprint}
    assert isinstance(first, ErrorGroup)
    assert (await jobs.find(first.uid)).job is not None


@pytest.mark.parametrize("since", [0, -1, float("nan")])
async def test_errors_are_those_of_some_time(jobs: Jobs, since: float) -> None:
    with pytest.raises(OptionError, match="since"):
        await jobs.errors(since)


async def test_workers(jobs: Jobs) -> None:
    assert await jobs.workers() == []
    jobs.set_handler("t", noop)
    await jobs.start(3)
    (worker,) = await jobs.workers()
    assert isinstance(worker, WorkerInfo)
    assert (worker.concurrency, worker.types, worker.stopping) == (3, ["t"], False)
    assert 0 < worker.lease_left <= 30
