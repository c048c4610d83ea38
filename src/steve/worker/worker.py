"""The worker: its parts, put together, started and stopped."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar
from uuid import UUID

from steve.core.errors import SchemaMissing, SteveError
from steve.core.pause import Pause
from steve.core.registry import Registry
from steve.core.settings import Settings
from steve.core.version import version
from steve.database.database import Database
from steve.database.errors import is_schema_missing
from steve.events.callbacks import Callbacks
from steve.events.listener import Listener
from steve.operations.finish import cancellations
from steve.operations.operation import Operation
from steve.operations.worker import Registration, announce_types, register, retire
from steve.telemetry import catalogue as events
from steve.telemetry.telemetry import Telemetry
from steve.worker.executor import Executor
from steve.worker.fetcher import Fetcher
from steve.worker.finisher import Finisher
from steve.worker.lane import Lane
from steve.worker.lease import LeaseKeeper
from steve.worker.transactions import Transactions

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that cancelled handlers have to end before the worker stops without them."""

WATCH_INTERVAL = 0.5
LONG_RUNNING = 0.3
"""Seconds after which a running job is looked after, should it be asked to stop."""

BLOCKED = 1.0
_MARGIN = 5.0


class Worker:
    """Claims jobs and runs them, `concurrency` at once, until it is stopped.

    It holds four connections: for claims, for finishes, for its lease, and the listener's.
    """

    def __init__(
        self,
        database: Database,
        registry: Registry,
        settings: Settings,
        telemetry: Telemetry,
        callbacks: Callbacks,
        listener: Listener,
        *,
        concurrency: int,
        on_finished: Callable[[UUID], None],
    ) -> None:
        self.id = 0
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.stop_requested = asyncio.Event()
        """Set when somebody asked this worker, through the database, to stop."""
        self._database = database
        self._registry = registry
        self._settings = settings
        self._telemetry = telemetry
        self._listener = listener
        self._channel = listener.channel("work")
        deadline = database.statement_timeout + _MARGIN
        self._lane = Lane(database, "steve worker claims", deadline)
        self._finish_lane = Lane(database, "steve worker finishes", deadline)
        self._finisher = Finisher(
            self._finish_lane,
            callbacks,
            telemetry,
            on_finished,
            on_again=lambda: self._fetcher.look(),
        )
        self._transactions = Transactions(
            database,
            telemetry,
            limit=settings.transaction_connections,
            run=self._finish_lane.run,
            settled=self._finisher.settled,
        )
        self._executor = Executor(
            registry,
            self._finisher,
            self._transactions,
            callbacks,
            telemetry,
            concurrency=concurrency,
            max_result=settings.max_payload,
            on_room=self._room,
        )
        self._fetcher = Fetcher(
            self._lane,
            self._executor,
            self._finisher,
            registry,
            telemetry,
            worker=lambda: self.id,
            channel=self._channel,
            queues=settings.queues,
            poll_interval=settings.poll_interval,
            statement_deadline=deadline,
        )
        self._keeper: LeaseKeeper | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._drained = asyncio.Event()
        self._hurry = asyncio.Event()
        self._look = asyncio.Event()
        self._overdue = False
        self._stopping = False

    @property
    def running(self) -> int:
        """Handlers that run now."""
        return self._executor.running

    @property
    def concurrency(self) -> int:
        """Handlers that may run at once."""
        return self._executor.concurrency

    def alive(self) -> bool:
        """Whether the worker is in order: its loops go on, its lease is kept."""
        return (
            not self._failure.done()
            and self._keeper is not None
            and self._keeper.running
            and not any(task.done() for task in self._tasks)
        )

    def ready(self) -> bool:
        """Whether it takes jobs: registered, with a good lease, and not stopping."""
        return (
            not self._stopping
            and self.alive()
            and self._keeper is not None
            and monotonic() < self._keeper.deadline
        )

    async def run(self, operation: Operation[T], /) -> T:
        """Run an operation on the connection for claims, between two of them."""
        return await self._lane.run(operation)

    def wake(self) -> None:
        """There may be something to claim."""
        self._fetcher.wake()

    def types_changed(self) -> None:
        """The handlers have changed: tell the others, and look for jobs of the new types."""
        self._spawn("announcing types", self._announce_types)
        self._fetcher.wake()

    async def start(self) -> None:
        """Register and begin to claim. Raises when the database cannot be reached."""
        await self._transactions.open()
        await self._register()
        self._listener.subscribe(self._channel, self._notified)
        await self._listener.start()
        self._spawn("writing outcomes", self._finisher.serve)
        self._spawn("claiming jobs", self._fetcher.serve)
        self._spawn("watching handlers", self._watch)
        self._fetcher.open()

    async def wait_failed(self) -> None:
        """Wait for what ends the worker against its will, and raise it."""
        await asyncio.shield(self._failure)

    def hurry(self) -> None:
        """Do not wait for running handlers: cancel them now, if the worker is stopping."""
        self._hurry.set()

    async def stop(self, grace: float | None = None) -> None:
        """Claim nothing more, let handlers finish within `grace` seconds, cancel the others, and
        return when everything is written."""
        self._stopping = True
        grace = self._settings.grace if grace is None else grace
        self._telemetry.emit(events.WorkerStopping(self.id, self.running, grace))
        with suppress(Exception):
            async with asyncio.timeout(PATIENCE):
                await self._fetcher.quiesce()
        self._executor.shut()
        if not await self._drain(grace, hurry=True):
            self._executor.tell_all("shutdown")
            if not await self._drain(PATIENCE, hurry=False):
                self._executor.abandon()
        await self._finisher.flush(max(PATIENCE, self._settings.lease))
        await self._close()
        self._telemetry.emit(events.WorkerStopped(self.id))

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener.unsubscribe(self._channel)
        with suppress(Exception):
            async with asyncio.timeout(PATIENCE):
                await self._lane.run(retire(self.id))
        if self._keeper is not None:
            await self._keeper.stop()
        self._executor.close()
        await self._transactions.close()
        await self._lane.close()
        await self._finish_lane.close()

    async def _register(self) -> None:
        settings = self._settings
        granted_at = monotonic()
        self.id = await self._lane.run(
            register(
                Registration(
                    name=self.name,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    version=version(),
                    channel=self._channel,
                    queues=list(settings.queues),
                    types=self._registry.types(),
                    concurrency=self.concurrency,
                    lease=settings.lease,
                )
            )
        )
        self._overdue = False
        self._keeper = LeaseKeeper(
            self._database,
            self.id,
            settings.lease,
            granted_at,
            handlers=lambda: self._executor.running,
            on_stop_request=self._stop_request,
            on_dead=self._died,
            on_failure=self._renewal_failed,
        )
        self._keeper.start()
        types = self._registry.types()
        self._telemetry.emit(
            events.WorkerStarted(
                self.id,
                self.name,
                self.concurrency,
                tuple(settings.queues),
                None if types is None else tuple(types),
            )
        )

    async def _announce_types(self) -> None:
        await self._lane.run(announce_types(self.id, self._registry.types()))

    def _notified(self, payload: str) -> None:
        if payload == "cancel":
            self._look.set()
        else:
            self._fetcher.wake()

    def _room(self) -> None:
        self._fetcher.room()
        if self._executor.running == 0:
            self._drained.set()

    def _stop_request(self) -> None:
        if not self.stop_requested.is_set():
            self._telemetry.emit(events.StopRequested(self.id))
            self.stop_requested.set()

    def _renewal_failed(self, error: BaseException, left: float) -> None:
        self._telemetry.emit(events.LeaseRenewalFailed(self.id, error, left))
        if isinstance(error, Exception) and is_schema_missing(error):
            self._fail(error)

    def _died(self) -> None:
        """Others have taken our jobs: stop what runs, and come back under a new id."""
        self._lose("it was declared dead while it was silent")
        if not self._stopping:
            self._spawn("registering anew", self._come_back)

    async def _come_back(self) -> None:
        if self._keeper is not None:
            await self._keeper.stop()
        await self._register()
        self._fetcher.open()

    def _lose(self, reason: str) -> None:
        self._fetcher.close()
        self._telemetry.emit(events.LeaseLost(self.id, reason))
        self._executor.give_back()
        self._executor.tell_all("lost")

    async def _watch(self) -> None:
        """Look after running handlers: cancellations, stuck ones, a lease that runs out."""
        interval = min(WATCH_INTERVAL, self._settings.lease / 10)
        while True:
            before = monotonic()
            with suppress(TimeoutError):
                async with asyncio.timeout(interval):
                    await self._look.wait()
            self._look.clear()
            late = monotonic() - before - interval
            if late > BLOCKED:
                self._telemetry.emit(events.LoopBlocked(self.id, late))
            self._check_lease()
            self._executor.watch()
            await self._check_cancellations()

    def _check_lease(self) -> None:
        keeper = self._keeper
        if keeper is None:
            return
        overdue = monotonic() >= keeper.deadline
        if overdue and not self._overdue:
            self._lose("it could not renew it in time")
        elif self._overdue and not overdue and not self._stopping:
            self._fetcher.open()
        self._overdue = overdue

    async def _check_cancellations(self) -> None:
        limit = monotonic() - LONG_RUNNING
        jobs = {
            run.job.attempt_id: run.job
            for run in self._executor.runs()
            if run.told_at is None and run.started_at <= limit
        }
        if jobs:
            asked = await self._lane.run(cancellations(list(jobs.values())))
            for attempt_id, cancelling in asked.items():
                self._executor.tell(attempt_id, "cancelled" if cancelling else "lost")

    async def _drain(self, seconds: float, *, hurry: bool) -> bool:
        """Wait until nothing runs; says whether that is so."""
        self._drained.clear()
        if self._executor.running == 0:
            return True
        waits = [asyncio.ensure_future(self._drained.wait())]
        if hurry:
            waits.append(asyncio.ensure_future(self._hurry.wait()))
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return self._executor.running == 0

    def _spawn(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.get_running_loop().create_task(self._supervise(what, work), name=what)
        self._tasks.append(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        with suppress(ValueError):
            self._tasks.remove(task)

    async def _supervise(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work, again and again if it fails, unless it never can."""
        pause = Pause()
        while not self._failure.done():
            try:
                await work()
                return
            except Exception as error:
                if is_schema_missing(error):
                    self._fail(error)
                    return
                seconds = pause.next()
                self._telemetry.emit(events.StatementFailed(what, error, seconds))
                await asyncio.sleep(seconds)

    def _fail(self, error: BaseException) -> None:
        if self._failure.done():
            return
        failure: SteveError = SchemaMissing(
            f"the schema {self._database.schema!r} is gone or incomplete ({error}): "
            "the worker stops; run `steve migrate` and start it again"
        )
        self._telemetry.emit(events.WorkerFailed(self.id, failure))
        self._failure.set_exception(failure)
        # Whoever does not wait for it must not be told that it was never retrieved.
        self._failure.exception()
        self._lose("its schema is gone")
