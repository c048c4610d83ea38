"""Creates of one process that come at the same time share statements, commits and round trips.

The first ones are sent at once, each by itself. Those that come while as many statements as are
allowed are under way wait for one of these to end, and go together. So groups grow with the rate,
and a single create waits for nothing: a group commit, in the client.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from time import monotonic

import psycopg

from steve.core.errors import ConnectionFailed
from steve.core.job import PreparedJob
from steve.core.pause import Pause
from steve.database.database import Database
from steve.database.errors import is_transient
from steve.operations.create import Created, create, create_one

AT_ONCE = 4
"""Statements under way: few creates wait where the database is far away, and groups still form."""

LARGEST_GROUP = 100
LARGEST_PAYLOAD = 8192
"""Bytes; a job with a larger one goes by itself, so that it holds up no other."""


class _Interrupted(Exception):
    """Who sent the group was cancelled meanwhile."""


@dataclass(eq=False, slots=True)
class _Waiting:
    """A create that waits for its turn: to hear what became of it, or, by None, to lead."""

    job: PreparedJob
    turn: asyncio.Future[Created | Exception | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def tell(self, became: Created | Exception | None) -> bool:
        """Tell it; says whether it still waited."""
        if self.turn.done():
            return False
        self.turn.set_result(became)
        return True


class Gathering:
    """The creates of a manager that are under way."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._under_way = 0
        self._waiting: deque[_Waiting] = deque()

    async def create(self, job: PreparedJob) -> Created | None:
        """Create a job exactly once, perhaps together with others; None if it turns out to exist.

        Raises as `create_surely` does: what is wrong with one job is no other's error.
        """
        if len(job.payload) + len(job.meta) > LARGEST_PAYLOAD:
            return await create_surely(self._database, job)
        if self._under_way < AT_ONCE:
            return await self._alone(job)
        began = monotonic()
        became = await self._with_others(_Waiting(job))
        if isinstance(became, Created):
            return became
        if isinstance(became, ConnectionFailed):
            if monotonic() - began > self._database.connect_timeout / 2:
                raise ConnectionFailed(str(became)) from became
            return await create_surely(self._database, job)
        refused = isinstance(became, psycopg.Error) and not is_transient(became)
        return await create_surely(self._database, job, resent=not refused)

    async def _alone(self, job: PreparedJob) -> Created | None:
        self._under_way += 1
        try:
            return await create_surely(self._database, job)
        except ConnectionFailed as error:
            for waiting in self._take():
                waiting.tell(error)
            raise
        finally:
            self._pass_on()

    async def _with_others(self, waiting: _Waiting) -> Created | Exception:
        self._waiting.append(waiting)
        try:
            became = await waiting.turn
        except asyncio.CancelledError:
            if not waiting.turn.cancelled() and waiting.turn.result() is None:
                self._pass_on()
            raise
        return became or await self._lead(waiting)

    async def _lead(self, leader: _Waiting) -> Created | Exception:
        """Create the leader's job, and those of others that wait."""
        others = self._take()
        became: dict[object, Created] = {}
        failure: Exception = _Interrupted()
        try:
            jobs = [leader.job, *(waiting.job for waiting in others)]
            made = await self._database.run(
                create(jobs) if others else create_one(leader.job, alone=True)
            )
            became = {created.uid: created for created in made}
        except Exception as error:
            failure = error
        finally:
            for waiting in others:
                waiting.tell(became.get(waiting.job.uid, failure))
            self._pass_on()
        return became.get(leader.job.uid, failure)

    def _take(self) -> list[_Waiting]:
        """Take those that wait, as many as make a group."""
        most = min(len(self._waiting), LARGEST_GROUP)
        return [
            waiting
            for waiting in (self._waiting.popleft() for _ in range(most))
            if not waiting.turn.done()
        ]

    def _pass_on(self) -> None:
        """A statement has ended: let the first that waits send the next, if there is one."""
        while self._waiting:
            if self._waiting.popleft().tell(None):
                return
        self._under_way -= 1


async def create_surely(
    database: Database, job: PreparedJob, *, resent: bool = False
) -> Created | None:
    """Create a job exactly once, even if replies are lost; None if it turns out to exist.

    `resent` says that it may have been sent before.
    """
    pause = Pause()
    end = monotonic() + database.connect_timeout
    while True:
        try:
            statement = create([job], resent=True) if resent else create_one(job, alone=True)
            created = await database.run(statement)
            return created[0] if created else None
        except (psycopg.Error, ConnectionFailed) as error:
            if not is_transient(error) or monotonic() > end:
                if resent:
                    error.add_note(f"whether job {job.uid} was created is unknown")
                raise
            # The reply may be all that was lost: from here on it may exist.
            resent |= isinstance(error, psycopg.Error)
        await asyncio.sleep(pause.next())
