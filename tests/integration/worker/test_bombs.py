"""Values made to break whatever stores or shows them, by every way into the database."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from steve import Jobs, PayloadError
from steve.core.control import Cancel, Fail, Retry
from steve.core.text import LIMIT
from steve.telemetry.catalogue import StatementFailed

if TYPE_CHECKING:
    from steve.core.job import Job
    from support.workers import Bench

pytestmark = pytest.mark.any_postgres


class Evil(str):
    """Says of itself what it is not, and cannot be shown."""

    def __str__(self) -> str:
        raise SystemExit("no text")

    def __repr__(self) -> str:
        raise SystemExit("no text either")

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        raise RuntimeError("no class")


def nested(levels: int, wrap: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    return value


def cycle() -> list[Any]:
    value: list[Any] = []
    value.append({"again": value})
    return value


ENDLESS = "a billion laughs"
BOMBS: dict[str, Callable[[], Any]] = {
    "NUL": lambda: "a\0b",
    "lone surrogate": lambda: "a\ud800b",
    "both, in a key": lambda: {"a\0\udfff": 1},
    "huge text": lambda: "é" * 20_000_000,
    "huge number": lambda: 10**5_000,
    "number that Python does not print": lambda: 10**100_000,
    "NaN": lambda: math.nan,
    "infinity, deep inside": lambda: {"a": [[-math.inf]]},
    "deep lists": lambda: nested(100_000, lambda inner: [inner]),
    "deep objects": lambda: nested(100_000, lambda inner: {"a": inner}),
    "cycle": cycle,
    ENDLESS: lambda: nested(60, lambda inner: [inner, inner]),
    "bytes": lambda: b"\xff\0",
    "keys that are no text": lambda: {1: 2, None: 3},
    "evil text": lambda: Evil("x"),
    "a generator": lambda: (n for n in [1]),
}


def raised(error: BaseException) -> None:
    raise error


def noted(bomb: Any) -> ValueError:
    error = ValueError("noted")
    vars(error)["__notes__"] = [bomb, [bomb]]
    return error


async def progresses(job: Job, bomb: Any) -> str:
    await job.progress(0.5, bomb)
    return "done"


WAYS: dict[str, tuple[Callable[[Job, Any], Any], set[str]]] = {
    "result": (lambda job, bomb: bomb, {"completed"}),
    "error": (lambda job, bomb: raised(ValueError(bomb)), {"failed"}),
    "error with notes": (lambda job, bomb: raised(noted(bomb)), {"failed"}),
    "retry": (lambda job, bomb: raised(Retry(bomb)), {"failed"}),
    "fail": (lambda job, bomb: raised(Fail(bomb)), {"failed"}),
    "cancel": (lambda job, bomb: raised(Cancel(bomb)), {"cancelled", "failed"}),
    "progress": (progresses, {"completed", "failed"}),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_handler_that_lets_off_bombs(bench: Bench, way: str) -> None:
    use, statuses = WAYS[way]

    async def handler(job: Job) -> Any:
        answer = use(job, BOMBS[job.payload]())
        return await answer if way == "progress" else answer

    station = await bench.worker({"t": handler, "good": lambda job: "good"}, concurrency=4)
    # What an exception says of itself is its own affair, if it is without end as well.
    names = [name for name in BOMBS if name != ENDLESS or not way.startswith("error")]
    made = await bench.create_many("t", names, max_attempts=1)
    uids = dict(zip(names, made, strict=True))
    for name, uid in uids.items():
        await station.ended(uid, within=30)
        job = await bench.find(uid)
        assert job.status in statuses, (name, job)
        assert len((job.error.message if job.error else "").encode()) <= LIMIT
        if way == "result":
            assert job.result["error"] == "result not serialisable", name
        if job.status == "failed":
            (attempt,) = await bench.attempts(uid)
            assert (attempt.status, attempt.worker) == ("error", station.worker.id)
    assert (await station.over(await bench.create("good"))).result == "good"
    assert station.worker.alive()
    assert not station.events.of(StatementFailed)


async def test_a_payload_that_is_a_bomb_is_refused(bench: Bench) -> None:
    """With an error that can be shown and says where; nothing is created, and others are."""
    async with Jobs(bench.dsn) as jobs:
        for name, make in BOMBS.items():
            for options in ({"payload": make()}, {"payload": 1, "meta": {"m": make()}}):
                with pytest.raises(PayloadError) as caught:
                    await jobs.create("t", **options)
                str(caught.value).encode()
                assert len(str(caught.value)) < 2_000, name
                assert caught.value.path.startswith("$"), name
            with pytest.raises(PayloadError):
                await jobs.create_many([("t", 1), ("t", make())])
        assert await jobs.fetch_all() == []
        await jobs.create("t", 1)
        assert len(await jobs.fetch_all()) == 1
