"""Whatever a handler raises fails its attempt, and nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from steve.telemetry.catalogue import AttemptEnded, StatementFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from steve.core.job import Job
    from support.workers import Bench

MESSAGE_LIMIT = 16_384 + 100


class Bare(BaseException):
    """An exception that `except Exception` does not see."""


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    def __repr__(self) -> str:
        raise RuntimeError("no text either")


class Needy(Exception):
    """Cannot be made again from its arguments."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__("needy")


def recurse(n: int) -> int:
    return recurse(n + 1) + 1


def cyclic() -> BaseException:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    return one


RAISED: dict[str, tuple[Callable[[], BaseException], str]] = {
    "Exception": (lambda: ValueError("boom"), "ValueError"),
    "BaseException": (lambda: Bare("bare"), "Bare"),
    "SystemExit": (lambda: SystemExit(0), "SystemExit"),
    "SystemExit text": (lambda: SystemExit("x"), "SystemExit"),
    "KeyboardInterrupt": (KeyboardInterrupt, "KeyboardInterrupt"),
    "GeneratorExit": (GeneratorExit, "GeneratorExit"),
    "CancelledError": (asyncio.CancelledError, "CancelledError"),
    "TimeoutError": (lambda: TimeoutError("own"), "TimeoutError"),
    "group": (lambda: ExceptionGroup("g", [ValueError(1), KeyError(2)]), "ExceptionGroup"),
    "base group": (lambda: BaseExceptionGroup("g", [Bare()]), "BaseExceptionGroup"),
    "MemoryError": (MemoryError, "MemoryError"),
    "StopAsyncIteration": (StopAsyncIteration, ""),
    "StopIteration": (lambda: StopIteration(5), ""),
    "no text": (Mute, "Mute"),
    "needs arguments": (lambda: Needy(1, 2), "Needy"),
    "50 MB": (lambda: ValueError("x" * 50_000_000), "ValueError"),
    "NUL and surrogate": (lambda: ValueError("a\0b\ud800c"), "ValueError"),
    "cyclic cause": (cyclic, "ValueError"),
}


async def handler(job: Job) -> Any:
    raise RAISED[job.payload][0]()


def blocking(job: Job) -> Any:
    raise RAISED[job.payload][0]()


async def test_everything_raised_on_the_loop_fails_its_attempt(bench: Bench) -> None:
    await fail_all(bench, handler)


async def test_everything_raised_in_a_thread_fails_its_attempt(bench: Bench) -> None:
    await fail_all(bench, blocking)


async def fail_all(bench: Bench, function: Callable[[Job], Any]) -> None:
    async def good(job: Job) -> str:
        return "good"

    station = await bench.worker({"bad": function, "good": good}, concurrency=2)
    for name, (_, type) in RAISED.items():
        uid = await bench.create("bad", name, max_attempts=1)
        job = await station.over(uid, within=5)
        assert job.status == "failed", name
        assert job.error is not None
        assert type in job.error.type, name
        assert len(job.error.message) <= MESSAGE_LIMIT
        (attempt,) = await bench.attempts(uid)
        assert (attempt.status, attempt.worker) == ("error", station.worker.id)
        assert attempt.error_details is not None
        assert attempt.error_details["type"] == job.error.type
        assert attempt.error_message == job.error.message
        assert (await station.over(await bench.create("good"), within=1)).result == "good"
    assert station.worker.running == 0
    assert station.worker.alive()
    assert not station.events.of(StatementFailed)


async def test_a_recursion_error_is_one_like_others(bench: Bench) -> None:
    async def deep(job: Job) -> Any:
        return recurse(0)

    station = await bench.worker({"a": deep, "b": lambda job: recurse(0)})
    for type in "ab":
        job = await station.over(await bench.create(type, max_attempts=1))
        assert job.error is not None
        assert job.error.type == "RecursionError"


async def test_the_attempt_tells_where_it_failed(bench: Bench) -> None:
    async def fails(job: Job) -> None:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error

    station = await bench.worker({"t": fails})
    uid = await bench.create(max_attempts=1)
    await station.over(uid)
    (attempt,) = await bench.attempts(uid)
    assert attempt.error_message == "outer"
    assert attempt.error_details is not None
    trace = attempt.error_details["traceback"]
    assert "KeyError: 'inner'" in trace
    assert "test_exceptions.py" in trace
    ((fingerprint,),) = await bench.sql("select fingerprint from steve.job_archive")
    assert len(fingerprint) == 12


async def test_raising_while_told_to_stop_is_no_error_of_the_job(bench: Bench) -> None:
    async def stubborn(job: Job) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ValueError("could not clean up") from None

    station = await bench.worker({"t": stubborn})
    uid = await bench.create()
    await station.started(uid)
    await station.stop(0.0)
    job = await bench.find(uid)
    assert (job.status, job.attempts, job.refunded) == ("pending", 1, 1)


async def test_an_attempt_that_failed_comes_again_after_its_backoff(bench: Bench) -> None:
    async def fails(job: Job) -> None:
        raise ValueError(job.attempts)

    station = await bench.worker({"t": fails})
    uid = await bench.create(backoff_strategy="none", max_attempts=3)
    job = await station.over(uid)
    assert (job.status, job.attempts) == ("failed", 3)
    attempts = await bench.attempts(uid)
    assert [(a.attempt_number, a.status, a.error_message) for a in attempts] == [
        (1, "error", "1"), (2, "error", "2"), (3, "error", "3"),
    ]  # fmt: skip
    assert len({a.id for a in attempts}) == 3
    exponential = await bench.create()
    again = await station.ended(exponential)
    assert again.status == "pending"
    stored = await bench.find(exponential)
    assert 1.5 < (stored.run_at - stored.updated_at).total_seconds() < 2.5
    assert stored.error is not None


async def test_a_callback_that_raises_does_not_touch_what_is_written(bench: Bench) -> None:
    """Callbacks come after the commit: their errors must not make it look as if that had failed."""

    def bad(job: Job) -> None:
        raise ValueError("bad callback")

    station = await bench.worker({"t": lambda job: "done"})
    station.callbacks.on("done", "*", bad)
    for _ in range(2):
        assert (await station.over(await bench.create())).result == "done"
    assert not station.events.of(StatementFailed)
    assert len(station.events.of(AttemptEnded)) == 2
