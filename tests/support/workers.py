"""Workers on a real database, with everything around them that a manager would give them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString, TypeVar, cast
from uuid import UUID

import psycopg

from steve.core.job import TERMINAL, Attempt, Job
from steve.core.options import prepare
from steve.core.registry import Registry
from steve.core.settings import Settings
from steve.database.database import Database
from steve.events.callbacks import Callbacks
from steve.events.listener import Listener
from steve.operations.control import cancel
from steve.operations.create import create
from steve.operations.operation import Operation
from steve.operations.query import find
from steve.telemetry.catalogue import AttemptEnded, AttemptStarted
from steve.telemetry.telemetry import Telemetry
from steve.worker.worker import Worker
from support.events import Events
from support.network import unused_port
from support.waiting import eventually_async

T = TypeVar("T")
Handlers = Mapping[str, Callable[[Job], Any]]

_TABLES = (
    "job", "job_archive", "attempt", "worker", "queue", "sleeper", "log", "sample", "action",
)  # fmt: skip


@dataclass
class Station:
    """A worker, and what a test wants to see of it."""

    worker: Worker
    registry: Registry
    listener: Listener
    callbacks: Callbacks
    events: Events
    bench: Bench
    finished: list[UUID] = field(default_factory=list[UUID])

    async def started(self, uid: UUID, *, count: int = 1, within: float = 10.0) -> Job:
        """Wait until the handler of a job is about to be called, for the `count`th time."""
        event = await self.events.wait(
            AttemptStarted, lambda e: e.job.uid == uid, count=count, within=within
        )
        return event.job

    async def ended(self, uid: UUID, *, count: int = 1, within: float = 10.0) -> Job:
        """Wait until the end of an attempt is committed; returns the job as the worker has it."""
        event = await self.events.wait(
            AttemptEnded, lambda e: e.job.uid == uid, count=count, within=within
        )
        return event.job

    async def over(self, uid: UUID, *, within: float = 10.0) -> Job:
        """Wait until a job is over; returns it as the database has it."""
        await self.events.wait(
            AttemptEnded, lambda e: e.job.uid == uid and e.job.status in TERMINAL, within=within
        )
        return await self.bench.find(uid)

    async def all_over(self, count: int, *, within: float = 20.0) -> None:
        """Wait until so many attempts have ended their job."""
        await self.events.wait(
            AttemptEnded, lambda e: e.job.status in TERMINAL, count=count, within=within
        )

    async def stop(self, grace: float | None = None) -> None:
        """Stop the worker and what belongs to it. A second time it does nothing."""
        if self in self.bench.stations:
            self.bench.stations.remove(self)
            await self.worker.stop(grace)
            await self.callbacks.drain()
            await self.listener.stop()


class Bench:
    """A database with jobs, and workers at it."""

    def __init__(self, dsn: str, connection: psycopg.AsyncConnection[Any]) -> None:
        self.dsn = dsn
        self.database = Database(dsn, name="steve test", connect_timeout=2.0)
        self.stations: list[Station] = []
        self._databases = [self.database]
        self._connection = connection

    async def worker(
        self,
        handlers: Handlers | None = None,
        *,
        fallback: Callable[[Job], Any] | None = None,
        concurrency: int = 10,
        started: bool = True,
        listen: bool = True,
        dsn: str | None = None,
        **settings: Any,
    ) -> Station:
        """Make a worker and start it.

        Its poll interval is long: what happens sooner, happens for a reason. Without `listen` no
        notification reaches it. `dsn` is its way to the database, if not the bench's own.
        """
        database = self.database
        if dsn is not None:
            database = Database(dsn, name="steve worker's pool", connect_timeout=1.0)
            self._databases.append(database)
        telemetry = Telemetry()
        events = Events(telemetry)
        registry = Registry(fallback, handlers)
        listen_db = None if listen else f"host=127.0.0.1 port={unused_port()}"
        listener = Listener(self.database, telemetry, listen_db=listen_db)
        callbacks = Callbacks()
        finished: list[UUID] = []
        worker = Worker(
            database,
            registry,
            Settings(db=self.dsn, **{"poll_interval": 5.0, "grace": 5.0, **settings}),
            telemetry,
            callbacks,
            listener,
            concurrency=concurrency,
            on_finished=finished.append,
        )
        registry.on_change = worker.types_changed
        station = Station(worker, registry, listener, callbacks, events, self, finished)
        self.stations.append(station)
        if started:
            await worker.start()
        return station

    async def run(self, operation: Operation[T]) -> T:
        return await self.database.run(operation)

    async def create(self, type: str = "t", payload: Any = None, **options: Any) -> UUID:
        """Create a job."""
        return (await self.create_many(type, [payload], **options))[0]

    async def create_many(self, type: str, payloads: Sequence[Any], **options: Any) -> list[UUID]:
        """Create a job for each payload, all in one transaction."""
        limits = Settings(db=self.dsn)
        jobs = [prepare(type, payload, None, options, limits) for payload in payloads]
        await self.run(create(jobs))
        return [job.uid for job in jobs]

    async def cancel(self, uid: UUID) -> list[UUID]:
        return await self.run(cancel([uid]))

    async def find(self, uid: UUID) -> Job:
        ((job, _),) = await self.run(find([uid]))
        return job

    async def attempts(self, uid: UUID) -> list[Attempt]:
        ((_, attempts),) = await self.run(find([uid], with_attempts=True))
        assert attempts is not None
        return attempts

    async def become(self, uid: UUID, status: str, *, within: float = 10.0) -> Job:
        """Wait, by looking, until a job has a status."""

        async def look() -> Job | None:
            job = await self.find(uid)
            return job if job.status == status else None

        return await eventually_async(look, within, what=f"job becoming {status}")

    async def sql(self, text: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement of the test's own; returns its rows."""
        cursor = await self._connection.execute(cast("LiteralString", text), parameters or None)
        return await cursor.fetchall() if cursor.description is not None else []

    async def backends(self, name: str = "steve%") -> list[int]:
        """Process ids of the connections whose application_name is LIKE `name`, not our own."""
        rows = await self.sql(
            "select pid from pg_stat_activity where datname = current_database() "
            "and application_name like %s and application_name <> 'steve test'",
            name,
        )
        return [pid for (pid,) in rows]

    async def terminate(self, name: str) -> int:
        """Cut connections by their name; returns how many there were."""
        pids = await self.backends(name)
        await self.sql("select pg_terminate_backend(pid) from unnest(%s::int[]) as pid", pids)
        return len(pids)

    async def close(self) -> None:
        """Stop the workers that still run, and close the connections."""
        for station in list(self.stations):
            await station.stop(0.0)
        for database in self._databases:
            await database.close()

    async def tidy(self) -> None:
        """Empty the tables."""
        await self.sql(";".join(f"delete from steve.{table}" for table in _TABLES))


@asynccontextmanager
async def bench_on(dsn: str, *, tidy: bool = True) -> AsyncGenerator[Bench, None]:
    """A bench whose workers have to leave nothing behind: no task, no thread, no connection."""
    before = asyncio.all_tasks()
    async with await psycopg.AsyncConnection.connect(
        dsn, autocommit=True, application_name="test"
    ) as connection:
        bench = Bench(dsn, connection)
        if tidy:
            await bench.tidy()
        try:
            yield bench
        finally:
            await bench.close()
        await left_nothing(bench, before)


async def left_nothing(bench: Bench, before: set[asyncio.Task[Any]]) -> None:
    """Check that no task, thread or connection of a worker is there any more."""

    async def tasks() -> bool:
        return not asyncio.all_tasks() - before - {asyncio.current_task()}

    async def connections() -> bool:
        return not await bench.backends()

    await eventually_async(tasks, 2.0, what=f"end of {asyncio.all_tasks() - before}")
    await eventually_async(connections, 2.0, what="end of connections")
    await eventually_async(_no_threads, 2.0, what=f"end of {threading.enumerate()}")


async def _no_threads() -> bool:
    return not any(thread.name.startswith("steve") for thread in threading.enumerate())


def soon(awaitable: Awaitable[T], within: float) -> Awaitable[T]:
    """Await something that must not take longer."""
    return asyncio.wait_for(awaitable, within)
