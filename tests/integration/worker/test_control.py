"""Retry, Snooze, Cancel and Fail: what handlers raise to steer their job."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from steve.core.backoff import Backoff
from steve.core.control import Cancel, Fail, Retry, Snooze

if TYPE_CHECKING:
    from steve.core.job import Job
    from support.workers import Bench


async def test_retry_after_its_own_delay_spends_the_attempt(bench: Bench) -> None:
    async def handler(job: Job) -> str:
        if job.attempts == 1:
            raise Retry(timedelta(seconds=0))
        if job.attempts == 2:
            raise Retry(0.05) from ValueError("the reason")
        return "third"

    station = await bench.worker({"t": handler})
    uid = await bench.create(max_attempts=3)
    job = await station.over(uid)
    assert (job.result, job.attempts, job.refunded) == ("third", 3, 0)
    first, second, third = await bench.attempts(uid)
    assert (first.status, first.error_message) == (
        "error", "the handler asked for a retry in 0 s",
    )  # fmt: skip
    assert first.error_details is not None
    assert first.error_details["type"] == "Retry"
    assert second.error_details is not None
    assert second.error_details["type"] == "ValueError"
    assert third.status == "success"


async def test_retry_delays(bench: Bench) -> None:
    delays: dict[str, Any] = {
        "own": Retry(60), "backoff": Retry(), "endless": Retry(float("inf")), "nan": Retry(-1),
    }  # fmt: skip

    async def handler(job: Job) -> None:
        raise delays[job.payload]

    station = await bench.worker({"t": handler})
    expected = {"own": 60.0, "backoff": 7.0, "endless": 315_576_000.0}
    for name, seconds in expected.items():
        uid = await bench.create("t", name, backoff_strategy=Backoff("fixed", factor=7))
        await station.ended(uid)
        job = await bench.find(uid)
        assert job.status == "pending"
        assert abs((job.run_at - job.updated_at).total_seconds() - seconds) < 0.5, name


async def test_retry_fails_when_no_attempt_is_left(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        raise Retry(0)

    station = await bench.worker({"t": handler})
    job = await station.over(await bench.create(max_attempts=2))
    assert (job.status, job.attempts) == ("failed", 2)
    assert job.error is not None
    assert job.error.type == "Retry"


async def test_snooze_gives_the_attempt_back(bench: Bench) -> None:
    async def handler(job: Job) -> str:
        if job.attempts < 6:
            raise Snooze(0.01)
        return "awake"

    station = await bench.worker({"t": handler})
    uid = await bench.create(max_attempts=1)
    job = await station.over(uid)
    assert (job.result, job.attempts, job.refunded) == ("awake", 6, 5)
    attempts = await bench.attempts(uid)
    assert [a.status for a in attempts] == ["snoozed"] * 5 + ["success"]
    assert all(a.error_message is None for a in attempts)


async def test_backoff_does_not_count_refunded_attempts(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        if job.attempts < 4:
            raise Snooze(0)
        raise ValueError("now")

    station = await bench.worker({"t": handler})
    uid = await bench.create(max_attempts=5)
    await station.ended(uid, count=4)
    job = await bench.find(uid)
    assert (job.status, job.attempts, job.refunded) == ("pending", 4, 3)
    assert 1.5 < (job.run_at - job.updated_at).total_seconds() < 2.5


async def test_cancel_ends_the_job_without_an_error(bench: Bench) -> None:
    async def handler(job: Job) -> None:
        raise Cancel("not wanted any more")

    station = await bench.worker({"t": handler})
    uid = await bench.create()
    job = await station.over(uid)
    assert (job.status, job.attempts, job.error) == ("cancelled", 1, None)
    (attempt,) = await bench.attempts(uid)
    assert (attempt.status, attempt.error_message) == ("cancelled", "not wanted any more")


async def test_fail_ends_the_job_whatever_attempts_are_left(bench: Bench) -> None:
    def handler(job: Job) -> None:
        raise Fail("bad\0input")

    station = await bench.worker({"t": handler})
    uid = await bench.create(max_attempts=10)
    job = await station.over(uid)
    assert (job.status, job.attempts) == ("failed", 1)
    assert job.error is not None
    assert (job.error.type, job.error.message) == ("Fail", "bad\ufffdinput")
    (attempt,) = await bench.attempts(uid)
    assert attempt.status == "error"


async def test_the_worker_tells_callbacks_the_new_status(bench: Bench) -> None:
    told: list[str] = []

    async def handler(job: Job) -> None:
        if job.attempts == 1:
            raise Snooze(0)
        if job.attempts == 2:
            raise Retry(0)
        raise Fail("enough")

    station = await bench.worker({"t": handler})
    station.callbacks.on("attempt", "t", lambda job: told.append(job.status))
    station.callbacks.on("failure", "t", lambda job: told.append("failure"))
    station.callbacks.on("success", "t", lambda job: told.append("success"))
    await station.over(await bench.create())
    assert told == ["running", "pending", "running", "pending", "running", "failed", "failure"]
