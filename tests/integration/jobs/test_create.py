"""Creating a job: what comes back, and what is refused before anything is sent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import psycopg
import pytest

from integration.jobs.conftest import Connection, Make
from steve import Backoff, ConnectionFailed, Job, Jobs, OptionError, OptionTypeError, PayloadError
from steve.core.options import prepare
from steve.core.settings import Settings
from steve.core.uid import uuid7
from steve.jobs.gathering import create_surely
from support.cutting import CuttingProxy

FIELDS = Job.__struct_fields__


def same(one: Job | None, other: Job | None) -> None:
    """Two jobs are the same in every field."""
    assert one is not None
    assert other is not None
    for field in FIELDS:
        mine, theirs = getattr(one, field), getattr(other, field)
        if field == "progress":
            mine, theirs = (mine.fraction, mine.message), (theirs.fraction, theirs.message)
        assert mine == theirs, field


async def test_what_comes_back_is_what_is_there(jobs: Jobs) -> None:
    job = await jobs.create("t")
    assert isinstance(job.uid, UUID)
    assert (job.status, job.attempts, job.payload, job.result) == ("pending", 0, {}, None)
    assert job.created_at == job.updated_at == job.run_at == job.scheduled_at
    assert (job.max_attempts, job.max_crashes, job.backoff_strategy) == (3, 3, "exp")
    assert (job.queue, job.priority, job.timeout, job.tags, job.meta) == (
        "default", 0, None, [], {},
    )  # fmt: skip
    assert job.started_at is job.completed_at is job.error is job.worker is None
    assert job.created
    same(job, (await jobs.find(job.uid)).job)


async def test_every_option_arrives(jobs: Jobs) -> None:
    start = datetime(2031, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=2)))
    job = await jobs.create(
        "send_email",
        {"to": ["ada", "b"], "n": 2**70, "x": 1.5, "none": None, "ü": "→"},
        max_attempts=7,
        max_crashes=0,
        backoff_strategy=Backoff("linear", factor=3, jitter=0.5),
        run_at=start,
        timeout=timedelta(minutes=2),
        queue="mail",
        priority=-5,
        tags=("a", "b"),
        meta={"trace": "x"},
    )
    same(job, (await jobs.find(job.uid)).job)
    assert job.run_at == start
    assert job.timeout == 120.0
    assert job.backoff_strategy == Backoff("linear", factor=3, jitter=0.5)
    assert job.payload["n"] == 2**70


async def test_a_delay_counts_from_the_clock_of_the_database(jobs: Jobs) -> None:
    job = await jobs.create("t", delay=90)
    assert job.run_at - job.created_at == timedelta(seconds=90)


async def test_a_payload_may_be_any_json(jobs: Jobs) -> None:
    for payload in (0, "text", [1, [2]], True, {"a": {"b": []}}):
        job = await jobs.create("t", payload)
        assert job.payload == payload
        found = (await jobs.find(job.uid)).job
        assert found is not None
        assert found.payload == payload


async def test_defaults_of_the_handler_count_unless_the_call_says_otherwise(jobs: Jobs) -> None:
    @jobs.handler("t", max_attempts=9, queue="slow", delay=60, tags=["x"])
    async def handle(job: Job) -> None: ...

    job = await jobs.create("t")
    assert (job.max_attempts, job.queue, job.tags) == (9, "slow", ["x"])
    assert job.run_at > job.created_at
    job = await jobs.create("t", max_attempts=1, run_at=datetime.now(UTC))
    assert (job.max_attempts, job.queue) == (1, "slow")
    assert (await jobs.create("other")).queue == "default"


@pytest.mark.parametrize(
    "options",
    [
        {"max_attempts": 0},
        {"max_attempts": 32_768},
        {"max_crashes": -1},
        {"backoff_strategy": "often"},
        {"run_at": datetime(2030, 1, 1)},
        {"run_at": datetime.now(UTC), "delay": 1},
        {"delay": -1},
        {"timeout": 0},
        {"priority": 101},
        {"queue": ""},
        {"tags": ["x"] * 3 + ["y" * 256]},
        {"meta": {"a": "\0"}},
    ],
)
async def test_values_out_of_range(make: Make, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - any of ours is one
        await make("postgresql://127.0.0.1:1/nothing").create("t", **options)
    assert isinstance(caught.value, OptionError | PayloadError)


@pytest.mark.parametrize(
    "options",
    [
        {"max_attempts": "3"},
        {"max_attempts": True},
        {"run_at": "2030-01-01T00:00:00Z"},
        {"run_at": 1234},
        {"delay": "5"},
        {"priority": 1.0},
        {"tags": "one"},
        {"meta": []},
        {"unique_key": "k"},
        {"on_conflict": "return"},
        {"expires_at": datetime.now(UTC)},
        {"limit_key": "k"},
        {"nonsense": 1},
        {"on_done": "text"},
        {"on_done": lambda: None},
    ],
)
async def test_values_of_a_wrong_type_and_unknown_options(
    make: Make, options: dict[str, Any]
) -> None:
    with pytest.raises(OptionTypeError):
        await make("postgresql://127.0.0.1:1/nothing").create("t", **options)


@pytest.mark.parametrize(
    ("type", "error"),
    [("", OptionError), ("x" * 256, OptionError), ("a\0", OptionError), (3, OptionTypeError)],
)
async def test_bad_types(jobs: Jobs, type: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="type"):
        await jobs.create(type)


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"rows": [{"x": float("nan")}]}, "$.rows[0].x"),
        ({"a": "\0"}, "$.a"),
        ({"a": "\ud800"}, "$.a"),
        ({"a": {1: 2}}, "$.a"),
        ({"a": b"bytes"}, "$.a"),
    ],
)
async def test_a_payload_that_cannot_be_held(jobs: Jobs, payload: Any, path: str) -> None:
    with pytest.raises(PayloadError) as caught:
        await jobs.create("t", payload)
    assert path in (caught.value.path, caught.value.path.rpartition(".")[0])


async def test_a_payload_over_the_limit(make: Make) -> None:
    jobs = make(max_payload=100)
    await jobs.create("t", "x" * 90)
    with pytest.raises(PayloadError, match="max_payload"):
        await jobs.create("t", "x" * 100)


CREATE = b'insert into "steve".job '
"""Part of the first send; the second one is another statement."""


@pytest.mark.parametrize("trouble", ["lose_request", "lose_answer"])
async def test_a_create_whose_connection_is_lost_is_done_exactly_once(
    make: Make, shared_dsn: str, connection: Connection, trouble: str
) -> None:
    async with CuttingProxy(shared_dsn).running() as proxy:
        jobs = make(proxy.dsn)
        await jobs.open()
        getattr(proxy, trouble)(CREATE)
        job = await jobs.create("t", {"a": 1}, tags=["x"])
        assert proxy.acted.is_set()
        cursor = await connection.execute("select uid from steve.jobs")
        assert await cursor.fetchall() == [(job.uid,)]
        same(job, (await jobs.find(job.uid)).job)
        await jobs.close()


async def test_a_create_that_arrives_late_does_not_make_it_twice(
    make: Make, shared_dsn: str, connection: Connection
) -> None:
    async with CuttingProxy(shared_dsn).running() as proxy:
        jobs = make(proxy.dsn)
        await jobs.open()
        proxy.hold_request(CREATE)
        job = await jobs.create("t")
        assert proxy.acted.is_set()
        proxy.release()
        await asyncio.sleep(0.2)
        cursor = await connection.execute("select uid from steve.jobs")
        assert await cursor.fetchall() == [(job.uid,)]
        await jobs.close()


async def test_a_second_send_waits_for_the_first_one(jobs: Jobs, shared_dsn: str) -> None:
    """The first send has inserted, and commits while the second is on its way."""
    await jobs.open()
    prepared = prepare("t", None, None, {}, Settings())
    async with await psycopg.AsyncConnection.connect(shared_dsn) as first:
        await first.execute("insert into steve.job (uid, type) values (%s, 't')", (prepared.uid,))
        database = vars(jobs)["_runtime"].database
        sent = asyncio.create_task(create_surely(database, prepared, resent=True))
        await asyncio.sleep(0.2)
        assert not sent.done()
    assert await sent is None


async def test_on_done_is_called_wherever_the_job_ends(make: Make, jobs: Jobs) -> None:
    seen: list[str] = []
    called = asyncio.Event()

    async def done(job: Job) -> None:
        seen.append(job.status)
        called.set()

    job = await jobs.create("t", on_done=done)
    await make().cancel(job.uid)
    async with asyncio.timeout(5):
        await called.wait()
    assert seen == ["cancelled"]


async def test_uids_sort_by_creation(jobs: Jobs) -> None:
    made = [(await jobs.create("t")).uid for _ in range(20)]
    assert made == sorted(made)
    assert uuid7() > made[-1]


async def test_connections_that_died_in_the_pool_do_not_matter(
    jobs: Jobs, connection: Connection
) -> None:
    await asyncio.gather(*(jobs.create("t") for _ in range(5)))
    for _ in range(3):
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        await jobs.create("t")
        assert len(await jobs.create_many([("t", 1)])) == 1
    assert len(await jobs.fetch_all(limit=100)) == 11


async def test_a_database_that_stays_away_is_an_error_that_says_what_is_unknown(
    make: Make, shared_dsn: str
) -> None:
    async with CuttingProxy(shared_dsn).running() as proxy:
        jobs = make(proxy.dsn, connect_timeout=0.5)
        await jobs.open()
        proxy.lose_answer(CREATE)
        creating = asyncio.create_task(jobs.create("t"))
        await proxy.acted.wait()
        proxy.refuse()
        with pytest.raises(ConnectionFailed) as caught:
            await creating
        assert "unknown" in caught.value.__notes__[0]
        await jobs.close()
