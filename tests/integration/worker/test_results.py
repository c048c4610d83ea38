"""What handlers return: stored as JSON, or replaced by a note, but never the end of the job."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from steve.core import codec
from steve.telemetry.catalogue import ResultReplaced, StatementFailed
from steve.worker import handling

if TYPE_CHECKING:
    import pytest

    from steve.core.job import Job
    from support.workers import Bench

GROUP = 30


@dataclass
class Point:
    x: int
    when: datetime


STORED: list[tuple[Any, Any]] = [
    (None, None),
    (False, False),
    (0, 0),
    ("", ""),
    ([], []),
    ({"a": [1, None, {"ü": "€"}]}, {"a": [1, None, {"ü": "€"}]}),
    ((1, 2), [1, 2]),
    (2**64, 2**64),
    (10**3000, 10**3000),
    (0.1, 0.1),
    (Decimal("1.50"), "1.50"),
    (Point(1, datetime(2026, 1, 1, tzinfo=UTC)), {"x": 1, "when": "2026-01-01T00:00:00Z"}),
]

REPLACED: list[Any] = [
    object(),
    {1, 2},
    b"bytes",
    float("nan"),
    {"a": [float("inf")]},
    "\0",
    "\ud800",
    {1: "key"},
    10**5000,
    "x" * 2_000,
    ...,
    (n for n in range(3)),
]


async def test_json_is_stored_as_it_is(bench: Bench) -> None:
    async def handler(job: Job) -> Any:
        return STORED[job.payload][0]

    station = await bench.worker({"t": handler}, max_payload=5_000)
    uids = await bench.create_many("t", range(len(STORED)))
    for uid, (_, expected) in zip(uids, STORED, strict=True):
        job = await station.over(uid)
        assert (job.status, job.result) == ("completed", expected)
    assert not station.events.of(ResultReplaced)


async def test_what_json_cannot_hold_is_replaced_by_a_note(bench: Bench) -> None:
    async def handler(job: Job) -> Any:
        return REPLACED[job.payload]

    station = await bench.worker({"t": handler}, max_payload=1_000)
    uids = await bench.create_many("t", range(len(REPLACED)))
    for uid in uids:
        job = await station.over(uid)
        assert job.status == "completed"
        assert job.result["error"] == "result not serialisable"
        assert isinstance(job.result["repr"], str)
        await station.events.wait(ResultReplaced, lambda e, uid=uid: e.job.uid == uid)


async def test_the_success_callback_gets_the_handlers_own_value(bench: Bench) -> None:
    given = {"answer": 42}
    seen: list[Any] = []

    async def handler(job: Job) -> Any:
        return given

    station = await bench.worker({"t": handler})
    station.callbacks.on("success", "t", lambda job: seen.append(job.result))
    await station.over(await bench.create())
    assert seen == [given]


async def test_a_result_that_postgresql_refuses_is_found_in_its_group(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The codec lets nothing like it through, as far as is known: 300,000 digits overflow numeric.
    def encode(value: Any, limit: int) -> tuple[bytes | None, str | None]:
        if value == "digits":
            return b"9" * 300_000, None
        return codec.encode_result(value, limit)

    monkeypatch.setattr(handling, "encode_result", encode)
    await refuse_some(bench, "digits")


async def test_a_result_that_a_constraint_refuses_is_found_in_its_group(own_bench: Bench) -> None:
    await own_bench.sql(
        "alter table steve.job_archive_completed add check (result is distinct from '\"bad\"')"
    )
    await refuse_some(own_bench, "bad")


async def refuse_some(bench: Bench, refused: str) -> None:
    """Finish many jobs in a group, three of which the database does not take."""
    bad = {3, 4, GROUP - 1}
    waiting = 0

    async def handler(job: Job) -> Any:
        nonlocal waiting
        waiting += 1
        if waiting == GROUP:
            all_there.set()
        await all_there.wait()
        return refused if job.payload in bad else {"n": job.payload}

    all_there = asyncio.Event()
    station = await bench.worker({"t": handler}, concurrency=GROUP)
    uids = await bench.create_many("t", range(GROUP))
    await station.all_over(GROUP)
    for n, uid in enumerate(uids):
        job = await bench.find(uid)
        assert job.status == "completed"
        expected = {"error": "result refused by the database"} if n in bad else {"n": n}
        assert job.result == expected
    assert not station.events.of(StatementFailed)


async def test_errors_that_a_constraint_refuses_leave_the_others_alone(own_bench: Bench) -> None:
    await own_bench.sql("alter table steve.attempt add check (error_message not like '%%bad%%')")

    async def handler(job: Job) -> None:
        raise ValueError("bad" if job.payload == 2 else "good")

    station = await own_bench.worker({"t": handler})
    uids = await own_bench.create_many("t", range(5), max_attempts=1)
    await station.all_over(5)
    jobs = [await own_bench.find(uid) for uid in uids]
    assert {job.status for job in jobs} == {"failed"}
    assert [job.error and job.error.type for job in jobs] == [
        "ValueError", "ValueError", "UnstorableOutcome", "ValueError", "ValueError",
    ]  # fmt: skip
