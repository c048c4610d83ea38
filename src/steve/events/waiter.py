"""Waiting for jobs to be over, wherever they run: notified for speed, looking for truth."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from time import monotonic
from uuid import UUID

from steve.core.errors import JobNotFound, SteveError
from steve.core.job import TERMINAL, Job
from steve.database.database import Database
from steve.database.errors import is_transient
from steve.events.awaited import OUT, Agenda, Awaited
from steve.events.calls import Callback, Calls
from steve.events.ending import end
from steve.events.listener import Listener
from steve.events.watch import Watch
from steve.operations.query import find

MOST_AT_ONCE = 500
"""Jobs that one statement looks at."""

LINGER = 1.0
"""Seconds that we stay registered with nothing to wait for: the next wait may be about to come."""

MOST_EXPECTED = 100_000
"""Jobs that are remembered for the sake of a callback; the oldest make room."""

UNKNOWN_SECONDS = 3600.0
"""How long such a job may not exist: the transaction that creates it may still be open."""

SAME_MOMENT = 0.002
CLOSING_TIMEOUT = 2.0

logger = logging.getLogger("steve.events")


class Waiter:
    """Waits for any number of jobs with one statement at a time. Belongs to one event loop.

    `poll_interval` is in seconds. `calls` is what calls the callbacks, so that they come in line
    with others for the same job.
    """

    def __init__(
        self,
        database: Database,
        listener: Listener,
        *,
        poll_interval: float = 1.0,
        calls: Calls | None = None,
    ) -> None:
        self._database = database
        self._listener = listener
        self._poll_interval = poll_interval
        self._calls = calls or Calls()
        self._awaited: dict[UUID, Awaited] = {}
        self._agenda = Agenda()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._watch = Watch(database, listener, self._notified)
        self._troubled = False
        self._crowded_out = 0
        self._stopped = False

    async def wait(self, uid: UUID, timeout: float | None = None) -> Job:
        """Return the job once it is over.

        Raises `JobNotFound` if there is no such job, or none any more, and TimeoutError after
        `timeout` seconds; 0 looks once.
        """
        if timeout == 0:
            return await self._look_once(uid)
        awaited = self._await(uid)
        future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        awaited.futures.append(future)
        try:
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            raise _late(uid, timeout) from None
        finally:
            awaited.futures = [other for other in awaited.futures if other is not future]
            if not awaited.futures and not awaited.callbacks:
                self._forget(awaited)

    def expect(self, uid: UUID, callback: Callback) -> None:
        """Call `callback` with the job once it is over.

        The job need not exist yet. One that does not exist after an hour, or is deleted, is given
        up with a log line.
        """
        self._await(uid).callbacks.append(callback)
        if len(self._awaited) > MOST_EXPECTED:
            self._make_room()

    def nudge(self, uid: UUID) -> None:
        """Look at a job now: it is known to be over. Nothing happens if nobody waits for it."""
        awaited = self._awaited.get(uid) if self._awaited else None
        if awaited is not None:
            self._agenda.put(awaited, monotonic())
            self._wake.set()

    async def stop(self) -> None:
        """End all waiting: waits raise `SteveError`, callbacks are not called any more."""
        self._stopped = True
        task, self._task = self._task, None
        if task is not None:
            await end(task)
        self._give_up(SteveError("the manager was closed while it waited for this job"))
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_TIMEOUT):
                await self._watch.end()

    def _await(self, uid: UUID) -> Awaited:
        if self._stopped:
            raise SteveError("the manager is closed: it cannot wait for jobs")
        awaited = self._awaited.get(uid)
        if awaited is None:
            awaited = self._awaited[uid] = Awaited(uid)
        awaited.begin()
        self._agenda.put(awaited, awaited.since)
        self._wake.set()
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="steve waiter")
        return awaited

    def _forget(self, awaited: Awaited) -> None:
        if self._awaited.get(awaited.uid) is awaited:
            del self._awaited[awaited.uid]
            awaited.due = OUT

    async def _look_once(self, uid: UUID) -> Job:
        found = await self._database.run(find([uid]))
        if not found:
            raise JobNotFound(uid)
        job = found[0][0]
        if job.status not in TERMINAL:
            raise _late(uid, 0)
        return job

    async def _serve(self) -> None:
        """Look at jobs when they are due, until there is nothing to wait for any more."""
        try:
            while True:
                await self._look()
                if self._awaited:
                    await self._register()
                    await self._sleep()
                elif not await self._woken(LINGER):
                    await self._watch.end()
                    # Without a pause in between, so that nobody can join a task that has ended.
                    if not self._awaited:
                        self._task = None
                        return
        except Exception as error:
            logger.exception("waiting for jobs failed")
            self._task = None
            self._give_up(error)

    async def _look(self) -> None:
        due = self._agenda.take(monotonic() + SAME_MOMENT, MOST_AT_ONCE)
        if not due:
            return
        began = monotonic()
        try:
            found = await self._database.run(find([awaited.uid for awaited in due]))
        except Exception as error:
            self._meet(error, due)
            return
        self._troubled = False
        jobs = {job.uid: job for job, _ in found}
        for awaited in due:
            if self._awaited.get(awaited.uid) is awaited:
                self._judge(awaited, jobs.get(awaited.uid), began)

    def _judge(self, awaited: Awaited, job: Job | None, looked_at: float) -> None:
        """Draw the conclusion from a look."""
        if job is not None and job.status in TERMINAL:
            self._forget(awaited)
            for future in awaited.futures:
                if not future.done():
                    future.set_result(copy(job))
            if awaited.callbacks:
                self._calls.call(awaited.callbacks, job)
            return
        if job is not None:
            awaited.known = True
        elif awaited.since <= looked_at and not self._is_to_come(awaited):
            self._forget(awaited)
            return
        self._watch.want(awaited.uid)
        self._agenda.put_back(awaited, awaited.next_look(self._poll_interval))

    def _is_to_come(self, awaited: Awaited) -> bool:
        """Say what is to be said about a job that does not exist; whether to go on looking."""
        for future in awaited.futures:
            if not future.done():
                future.set_exception(JobNotFound(awaited.uid))
        awaited.futures = []
        if not awaited.callbacks:
            return False
        if awaited.known:
            logger.warning("job %s was deleted: its on_done is not called", awaited.uid)
            return False
        if monotonic() - awaited.asked_at > UNKNOWN_SECONDS:
            logger.warning(
                "job %s was not committed within %g s: its on_done is given up",
                awaited.uid, UNKNOWN_SECONDS,
            )  # fmt: skip
            return False
        return True

    def _meet(self, error: Exception, due: Sequence[Awaited]) -> None:
        """Go on after a failure that passes, else tell those who wait."""
        passing = is_transient(error)
        if not self._troubled:
            self._troubled = True
            logger.warning(
                "cannot look at jobs that are waited for: %s: %s", type(error).__name__, error
            )
        for awaited in due:
            if not passing:
                for future in awaited.futures:
                    if not future.done():
                        future.set_exception(error)
                awaited.futures = []
            if awaited.futures or awaited.callbacks:
                self._agenda.put_back(awaited, awaited.next_look(self._poll_interval))
            else:
                self._forget(awaited)

    async def _register(self) -> None:
        """Ask to be notified of what we wait for, if that has not been done."""
        if self._watch.is_due:
            try:
                await self._watch.renew(list(self._awaited))
            except Exception as error:
                self._meet(error, ())
                self._watch.postpone(self._poll_interval)

    def _notified(self, payload: str) -> None:
        if payload:
            with suppress(ValueError):
                self.nudge(UUID(payload))
            return
        now = monotonic()
        for awaited in self._awaited.values():
            self._agenda.put(awaited, now)
        self._wake.set()

    async def _sleep(self) -> None:
        due = self._agenda.next()
        if due is None:
            due = monotonic() + self._poll_interval
        await self._woken(min(due, self._watch.renew_at) - monotonic())

    async def _woken(self, seconds: float) -> bool:
        """Sleep until woken, for so many seconds at most; returns whether woken."""
        try:
            if not self._wake.is_set():
                async with asyncio.timeout(max(seconds, 0)):
                    await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    def _give_up(self, error: Exception) -> None:
        awaited, self._awaited = self._awaited, {}
        unheard = 0
        for job in awaited.values():
            job.due = OUT
            unheard += bool(job.callbacks)
            for future in job.futures:
                if not future.done():
                    future.set_exception(error)
        if unheard:
            logger.info("the on_done of %s jobs will not be called: %s", unheard, error)

    def _make_room(self) -> None:
        oldest = next((job for job in self._awaited.values() if not job.futures), None)
        if oldest is not None:
            self._forget(oldest)
            self._crowded_out += 1
            if self._crowded_out % 1000 == 1:
                logger.warning(
                    "more than %s jobs have an on_done here: that of job %s is given up",
                    MOST_EXPECTED, oldest.uid,
                )  # fmt: skip


def _late(uid: UUID, timeout: float | None) -> TimeoutError:
    return TimeoutError(f"job {uid} is not over after {timeout:g} s")
