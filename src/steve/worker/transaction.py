"""`job.transaction()`: what a handler writes there and the job's completion commit together.

The transaction stays open from the block until the handler has returned. Then the completion is
written in it, under the fence, and it commits; if the attempt has lost its job meanwhile, or was
cancelled, everything is rolled back.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Any

from psycopg import AsyncConnection, Connection

from steve.core.job import Job
from steve.core.outcome import Cancelled, Complete, Outcome, decide_error
from steve.core.pause import Pause
from steve.database.errors import is_connection_lost, is_schema_missing
from steve.operations.finish import Report, Settled, Verdict, complete, verify
from steve.telemetry.catalogue import ClaimLost, StatementFailed
from steve.worker.sessions import AsyncSession, BlockingSession

if TYPE_CHECKING:
    from steve.worker.lines import Lines
    from steve.worker.transactions import Transactions


class RolledBack(Exception):
    """Leaves a transaction block whose work must not stay."""


class Transaction:
    """The one transaction of an attempt; blocks of `async with`, or of `with`, join it."""

    def __init__(self, office: Transactions, job: Job, lines: Lines) -> None:
        self._office = office
        self._job = job
        self._lines = lines
        self._session: AsyncSession | BlockingSession | None = None
        self._depth = 0
        self._spoiled = False

    async def __aenter__(self) -> AsyncConnection[Any]:
        self._refuse_spoiled()
        if self._session is None:
            self._session = await AsyncSession.begin(self._office)
        if not isinstance(self._session, AsyncSession):
            raise TypeError("this job's transaction was opened with `with`: go on with that")
        self._depth += 1
        self._session.connection.lent = True
        return self._session.connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        session = self._leave(error)
        if isinstance(session, AsyncSession):
            await session.end(commit=False)

    def __enter__(self) -> Connection[Any]:
        self._refuse_spoiled()
        if self._session is None:
            self._session = BlockingSession.begin(self._office)
        if not isinstance(self._session, BlockingSession):
            raise TypeError("this job's transaction was opened with `async with`: go on with that")
        self._depth += 1
        self._session.connection.lent = True
        return self._session.connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        session = self._leave(error)
        if isinstance(session, BlockingSession):
            session.end(commit=False)

    async def conclude(self, outcome: Outcome, wait: float, ran: float) -> Outcome | None:
        """Commit or roll back, now that the handler has ended.

        Returns what is still to be reported, or None when the completion is committed with the
        handler's writes, or lost with them.
        """
        session, self._session = self._session, None
        if session is None:
            return outcome
        if not isinstance(outcome, Complete):
            await _end(session, commit=False)
            return outcome
        report = Report(self._job, outcome, wait, ran)
        await self._lines.flush(self._job)
        try:
            became = await _complete(session, report, self._office.schema)
            await _end(session, commit=became is not None)
        except Exception as error:
            await _end(session, commit=False)
            if not is_connection_lost(error):
                # A deferred constraint, or a conflict with another transaction.
                return decide_error(error, self._job)
            became = await self._settle_lost_reply()
            if became is None:
                return decide_error(error, self._job)
        if became is None:
            return await self._missed(report)
        self._office.settled(report, became)
        return None

    async def _missed(self, report: Report) -> Outcome | None:
        """The fence did not hold: the job is to be cancelled, or was given to somebody else."""
        verdict = await self._ask()
        if verdict is not None and verdict.held and verdict.cancelling:
            return Cancelled()
        self._office.telemetry.emit(ClaimLost(report.job))
        return None

    async def _settle_lost_reply(self) -> Settled | None:
        """The reply to COMMIT was lost: the attempt id says whether it took place."""
        verdict = await self._ask()
        if verdict is not None and not verdict.held and verdict.settled.status == "completed":
            return verdict.settled
        return None

    async def _ask(self) -> Verdict | None:
        """Ask what became of the attempt, however long the database is away."""
        pause = Pause()
        while not self._office.closed:
            try:
                return (await self._office.run(verify([self._job]))).get(self._job.id)
            except Exception as error:
                if is_schema_missing(error):
                    return None
                seconds = pause.next()
                self._office.telemetry.emit(
                    StatementFailed("asking about a transaction", error, seconds)
                )
                await asyncio.sleep(seconds)
        return None

    def _leave(self, error: BaseException | None) -> AsyncSession | BlockingSession | None:
        """Close the connection to the handler; returns the session if it is to be rolled back."""
        self._depth -= 1
        session = self._session
        if session is None:
            return None
        if self._depth == 0:
            session.connection.lent = False
        if error is None:
            return None
        self._spoiled = True
        self._session = None
        return session

    def _refuse_spoiled(self) -> None:
        if self._spoiled:
            raise RuntimeError(
                "job.transaction() was rolled back by an exception in an earlier block: "
                "let the attempt end, a retry begins anew"
            )


async def _complete(
    session: AsyncSession | BlockingSession, report: Report, schema: str
) -> Settled | None:
    operation = complete([report])
    if isinstance(session, AsyncSession):
        became = await session.run(operation, schema)
    else:
        became = await asyncio.to_thread(session.run, operation, schema)
    return became.get(report.job.id)


async def _end(session: AsyncSession | BlockingSession, *, commit: bool) -> None:
    if isinstance(session, AsyncSession):
        await session.end(commit=commit)
    else:
        await asyncio.to_thread(session.end, commit=commit)
