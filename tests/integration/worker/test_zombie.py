"""The zombie: attempt 1 reports after its claim was taken over, in every way in which it can.

Its event loop stands still while others bury its worker, rescue the job and start it again. Then
it goes on as if nothing had happened, and nobody has told it. What it says must change nothing,
the second attempt's end must stand, and what the job writes must be there once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from steve.core.control import Cancel, Fail, Retry, Snooze
from steve.operations.maintenance import bury, rescue
from steve.operations.worker import renew
from steve.telemetry.catalogue import AttemptEnded, ClaimLost, Event
from support.workers import Bench

if TYPE_CHECKING:
    from uuid import UUID

    from steve.core.job import Job

LONG = 20.0
EFFECT = "insert into public.effect values (%s, %s)"

Overtake = Callable[[], None]
"""Lets others take the job over, during which the zombie's loop or thread stands still."""


class Heir:
    """The second attempt's worker, on a loop of its own."""

    def __init__(self, dsn: str, zombie: Callable[[], int], ends: str) -> None:
        self.worker = 0
        self.finished: list[UUID] = []
        self.before: list[Any] = []
        """The job and its attempts as the zombie finds them when it goes on."""
        self._dsn = dsn
        self._zombie = zombie
        self._ends = ends
        self._has_it = threading.Event()
        self._may_end = threading.Event()
        self._threads = ThreadPoolExecutor(1)
        self._life: Future[None] | None = None

    def take_over(self) -> None:
        """Bury the zombie's worker, rescue its job, and start it; perhaps end it as well."""
        self._life = self._threads.submit(asyncio.run, self._live())
        assert self._has_it.wait(LONG), self._life.exception()
        if self._ends != "later":
            self.end()
        with psycopg.connect(self._dsn) as connection:
            self.before = everything(connection)

    def end(self) -> None:
        """Let the second attempt end, and its worker too."""
        self._may_end.set()
        assert self._life is not None
        self._life.result(LONG)

    def close(self) -> None:
        self._may_end.set()
        self._threads.shutdown()

    async def _live(self) -> None:
        async with bench_beside(self._dsn) as bench:
            (dead,) = await bench.sql(
                "update steve.worker set expires_at = steve.now() - interval '1 s' returning id"
            )
            assert dead == (self._zombie(),)
            assert await bench.run(bury()) == [*dead]
            (rescued,) = await bench.run(rescue(dead, 10))
            # The time limit was for the zombie.
            await bench.sql("update steve.job set timeout = null")
            station = await bench.worker({"t": self._handler})
            self.worker = station.worker.id
            await station.ended(rescued.uid, within=LONG)
            self.finished = station.finished

    async def _handler(self, job: Job) -> str:
        async with job.transaction() as connection:
            await connection.execute(EFFECT, (job.uid, "second"))
        self._has_it.set()
        await asyncio.to_thread(self._may_end.wait, LONG)
        if self._ends == "put off":
            raise Snooze(3600)
        return "second"


@asynccontextmanager
async def bench_beside(dsn: str) -> AsyncGenerator[Bench, None]:
    async with await psycopg.AsyncConnection.connect(
        dsn, autocommit=True, application_name="test"
    ) as connection:
        bench = Bench(dsn, connection)
        try:
            yield bench
        finally:
            await bench.close()


def everything(connection: psycopg.Connection[Any]) -> list[Any]:
    """All that is stored of jobs, and of what they have written."""
    tables = ("steve.job", "steve.job_archive", "steve.attempt", "public.effect")
    return [connection.execute(f"table {table}".encode()).fetchall() for table in tables]


async def returns(job: Job, overtake: Overtake) -> str:
    overtake()
    return "first"


async def raises(job: Job, overtake: Overtake) -> None:
    overtake()
    raise ValueError("first")


async def asks_to_retry(job: Job, overtake: Overtake) -> None:
    overtake()
    raise Retry(0)


async def snoozes(job: Job, overtake: Overtake) -> None:
    overtake()
    raise Snooze(0)


async def cancels(job: Job, overtake: Overtake) -> None:
    overtake()
    raise Cancel("first")


async def gives_up(job: Job, overtake: Overtake) -> None:
    overtake()
    raise Fail("first")


async def takes_too_long(job: Job, overtake: Overtake) -> None:
    overtake()
    await asyncio.Event().wait()


async def reports_progress(job: Job, overtake: Overtake) -> str:
    overtake()
    await job.progress(0.99, "first")
    return "first"


async def commits(job: Job, overtake: Overtake) -> str:
    async with job.transaction() as connection:
        await connection.execute(EFFECT, (job.uid, "first"))
    overtake()
    return "first"


async def commits_what_it_writes_late(job: Job, overtake: Overtake) -> str:
    overtake()
    async with job.transaction() as connection:
        await connection.execute(EFFECT, (job.uid, "first"))
    return "first"


def returns_from_a_thread(job: Job, overtake: Overtake) -> str:
    overtake()
    return "first"


def commits_in_a_thread(job: Job, overtake: Overtake) -> str:
    with job.transaction() as connection:
        connection.execute(EFFECT, (job.uid, "first"))
        overtake()
    return "first"


LATE: list[Callable[[Job, Overtake], Awaitable[object] | object]] = [
    returns, raises, asks_to_retry, snoozes, cancels, gives_up, takes_too_long, reports_progress,
    commits, commits_what_it_writes_late, returns_from_a_thread, commits_in_a_thread,
]  # fmt: skip


@pytest.fixture
def heir(bench: Bench, ends: str) -> Iterator[Heir]:
    heir = Heir(bench.dsn, lambda: bench.stations[0].worker.id, ends)
    yield heir
    heir.close()


@pytest.mark.parametrize("ends", ["later", "before", "put off"])
@pytest.mark.parametrize("late", LATE, ids=lambda late: late.__name__)
async def test_a_zombie_changes_nothing(
    bench: Bench, heir: Heir, effects: Any, late: Callable[[Job, Overtake], Any], ends: str
) -> None:
    async def handler(job: Job) -> Any:
        return await late(job, heir.take_over)

    def in_thread(job: Job) -> Any:
        return late(job, heir.take_over)

    # A lease so long that no renewal tells the zombie before it has reported.
    handlers = {"t": handler if iscoroutinefunction(late) else in_thread}
    zombie = await bench.worker(handlers, lease=3 * LONG)
    dead, heard = zombie.worker.id, []
    zombie.callbacks.on("done", "*", heard.append)
    timeout = 0.05 if late is takes_too_long else None
    uid = await bench.create(timeout=timeout, max_attempts=1 if late is raises else 3)

    await zombie.events.wait(Event, lambda e: isinstance(e, ClaimLost | AttemptEnded), within=LONG)
    with psycopg.connect(bench.dsn) as connection:
        assert everything(connection) == heir.before
    if ends == "later":
        heir.end()

    # Its end stands, it alone was told of it, and what it wrote is there once.
    job = await bench.find(uid)
    done = ends != "put off"
    assert job.status == ("completed" if done else "pending")
    assert (job.result, job.attempts, job.crashes) == ("second" if done else None, 2, 1)
    assert (job.worker, heir.finished) == ((heir.worker, [uid]) if done else (None, []))
    assert await effects() == (["second"] if done else [])
    log = [attempt.status for attempt in await bench.attempts(uid)]
    assert log == ["lost", "success" if done else "snoozed"]
    await zombie.callbacks.drain()
    assert (heard, zombie.finished, zombie.events.of(AttemptEnded)) == ([], [], [])
    assert len(zombie.events.of(ClaimLost)) == 1

    # Nor does a renewal bring it back to life.
    assert await bench.run(renew(dead, 1, None)) is None
    assert await bench.sql("select death from steve.worker where id = %s", dead) == [("lost",)]
