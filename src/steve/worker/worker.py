"""The worker: its parts, put together, started and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from steve.core.registry import Registry
from steve.core.settings import Settings
from steve.database.database import Database
from steve.database.errors import is_schema_missing
from steve.events.callbacks import Callbacks
from steve.events.listener import Listener
from steve.operations.create import read_told
from steve.operations.operation import Operation
from steve.telemetry import catalogue as events
from steve.telemetry.telemetry import Telemetry
from steve.worker.executor import Executor
from steve.worker.fetcher import Fetcher
from steve.worker.finisher import Finisher
from steve.worker.handling import Handling
from steve.worker.lanes import Lanes
from steve.worker.loops import Loops
from steve.worker.marks import Marks
from steve.worker.membership import Membership
from steve.worker.scout import Scout
from steve.worker.transactions import Transactions
from steve.worker.watch import Watch

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that cancelled handlers have to end before the worker stops without them."""


class Worker:
    """Claims jobs and runs them, `concurrency` at once, until it is stopped.

    It holds five connections: for claims, finishes, its lease, housekeeping, and the listener's.
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
        self.stop_requested = asyncio.Event()
        """Set when somebody asked this worker, through the database, to stop."""
        self._database = database
        self._registry = registry
        self._settings = settings
        self._telemetry = telemetry
        self._listener = listener
        self._channel = listener.channel("work")
        self._lanes = Lanes(database, settings.lease)
        self._finisher = self._make_finisher(callbacks, on_finished)
        self._transactions = Transactions(
            database,
            telemetry,
            limit=settings.transaction_connections,
            run=self._lanes.finishes.run,
            settled=self._finisher.settled,
        )
        self._executor = self._make_executor(callbacks, concurrency)
        self.attempts_begun = lambda: self._executor.ended + self._executor.running
        self._membership = self._make_membership(concurrency)
        self._marks = Marks()
        self._fetcher = self._make_fetcher()
        self._scout = Scout(
            self._lanes.finishes,
            self._lanes.housekeeping,
            self._marks,
            self._fetcher,
            self._executor,
            registry,
        )
        self._watch = self._make_watch()
        self._loops = Loops(
            database.schema, telemetry, lambda: self.id, lambda: self._lose("its schema is gone")
        )
        self._drained = asyncio.Event()
        self._hurry = asyncio.Event()
        self._overdue = False
        self._stopping = False

    def _make_finisher(self, callbacks: Callbacks, on_finished: Callable[[UUID], None]) -> Finisher:
        return Finisher(
            self._lanes.finishes, callbacks, self._telemetry, on_finished,
            on_again=lambda: self._fetcher.look(), on_written=lambda: self._fetcher.written(),
        )  # fmt: skip

    def _make_executor(self, callbacks: Callbacks, concurrency: int) -> Executor:
        handling = Handling(
            self._registry, callbacks, self._telemetry,
            max_result=self._settings.max_payload, overdue=lambda: self._membership.overdue,
        )  # fmt: skip
        return Executor(
            handling, self._finisher, self._transactions, self._telemetry,
            concurrency=concurrency,
            limited=[name for name, limit in self._settings.queues.items() if limit is not None],
            on_room=self._room,
            overdue=self._check_lease,
        )  # fmt: skip

    def _make_membership(self, concurrency: int) -> Membership:
        return Membership(
            self._database,
            self._lanes.claims,
            self._registry,
            self._settings,
            self._telemetry,
            channel=self._channel,
            concurrency=concurrency,
            handlers=lambda: self._executor.running,
            on_stop_request=self._stop_request,
            on_dead=self._died,
            on_trouble=self._renewal_failed,
        )

    def _make_fetcher(self) -> Fetcher:
        return Fetcher(
            self._lanes.claims,
            self._executor,
            self._finisher,
            self._registry,
            self._telemetry,
            worker=lambda: self.id,
            channel=self._channel,
            queues=self._settings.queues,
            marks=self._marks,
            poll_interval=self._settings.poll_interval,
            statement_deadline=self._lanes.longest,
        )

    def _make_watch(self) -> Watch:
        return Watch(
            self._lanes.claims,
            self._executor,
            self._telemetry,
            lease=self._settings.lease,
            worker=lambda: self.id,
            check_lease=self._check_lease,
        )

    @property
    def id(self) -> int:
        """The id of the worker's row; a new one after a death, 0 before the first."""
        return self._membership.id

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
        return self._loops.in_order and self._membership.kept

    def ready(self) -> bool:
        """Whether it takes jobs: registered, with a good lease, and not stopping."""
        return not self._stopping and self.alive() and not self._membership.overdue

    async def run(self, operation: Operation[T], /) -> T:
        """Run an operation that may take a while, beside claims and finishes."""
        return await self._lanes.housekeeping.run(operation)

    def wake(self) -> None:
        """There may be something to claim that was there before."""
        self._fetcher.wake_anew()

    def types_changed(self) -> None:
        """The handlers have changed: tell the others, and look for jobs of the new types."""
        self._loops.begin("announcing types", self._membership.announce_types)
        self._fetcher.wake_anew()

    async def start(self) -> None:
        """Register and begin to claim. Raises when the database cannot be reached."""
        await self._transactions.open()
        await self._membership.join()
        self._listener.subscribe(self._channel, self._notified)
        await self._listener.start()
        self._loops.begin("writing outcomes", self._finisher.serve)
        self._loops.begin("claiming jobs", self._fetcher.serve)
        self._loops.begin("looking for what was passed over", self._scout.serve)
        self._loops.begin("looking at all that was passed over", self._scout.serve_slow)
        self._loops.begin("watching handlers", self._watch.serve)
        self._loops.begin("looking for cancellations", self._watch.serve_cancellations)
        self._fetcher.open()

    async def wait_failed(self) -> None:
        """Wait for what ends the worker against its will, and raise it."""
        await self._loops.wait_failed()

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
        if self._loops.in_order:
            await self._finisher.flush(max(PATIENCE, self._settings.lease))
        await self._close()
        self._telemetry.emit(events.WorkerStopped(self.id))

    async def _close(self) -> None:
        await self._loops.stop()
        self._listener.unsubscribe(self._channel)
        with suppress(Exception):
            async with asyncio.timeout(PATIENCE):
                await self._membership.leave()
        self._executor.close()
        await self._transactions.close()
        await self._lanes.close()

    def _notified(self, payload: str) -> None:
        if payload == "cancel":
            self._watch.look()
        else:
            self._fetcher.wake(read_told(payload))

    def _room(self) -> None:
        self._fetcher.room()
        if self._executor.running == 0:
            self._drained.set()

    def _stop_request(self) -> None:
        if not self.stop_requested.is_set():
            self._telemetry.emit(events.StopRequested(self.id))
            self.stop_requested.set()

    def _renewal_failed(self, error: BaseException) -> None:
        if isinstance(error, Exception) and is_schema_missing(error):
            self._loops.fail(error)

    def _died(self) -> None:
        """Others have taken our jobs: stop what runs, and come back under a new id."""
        self._lose("it was declared dead while it was silent")
        if not self._stopping:
            self._loops.begin("registering anew", self._come_back)

    async def _come_back(self) -> None:
        await self._membership.join()
        self._overdue = False
        self._fetcher.open()

    def _lose(self, reason: str) -> None:
        self._fetcher.close()
        self._telemetry.emit(events.LeaseLost(self.id, reason))
        self._executor.give_back()
        self._executor.tell_all("lost")

    def _check_lease(self) -> bool:
        """Act upon the end of the lease, or its renewal after that; says whether it is over."""
        overdue = self._membership.overdue
        if overdue and not self._overdue:
            self._lose("it could not renew it in time")
        elif self._overdue and not overdue and not self._stopping:
            self._fetcher.open()
        self._overdue = overdue
        return overdue

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
