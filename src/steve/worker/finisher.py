"""Writes down how attempts ended, in groups: one statement at a time, everything in the next.

At low rates an outcome is written at once; while one group is being written the next gathers, so
that groups grow with the rate by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from uuid import UUID

from steve.core.job import TERMINAL, Job
from steve.core.outcome import (
    Complete,
    Failed,
    Failure,
    JobError,
    Outcome,
    Released,
    Retried,
    Snoozed,
)
from steve.core.pause import Pause
from steve.database.errors import is_data_error, is_missing_partition, is_schema_missing
from steve.events.callbacks import Callbacks
from steve.operations.create import wake
from steve.operations.finish import (
    Report,
    Settled,
    complete,
    settle,
    verify,
)
from steve.operations.maintenance import create_partitions
from steve.operations.query import announce
from steve.telemetry.catalogue import AttemptEnded, ClaimLost, StatementFailed
from steve.telemetry.telemetry import Telemetry
from steve.worker.lane import Lane
from steve.worker.lines import Lines
from steve.worker.pace import Pace
from steve.worker.run import Run
from steve.worker.steps import Steps

LARGEST_GROUP = 2000
_UNSTORABLE = Failure("UnstorableOutcome", "The database refused what the attempt left behind")
_UNSTORABLE_RESULT = b'{"error":"result refused by the database"}'


class Finisher:
    """The group commit of outcomes, of progress and of log lines."""

    def __init__(
        self,
        lane: Lane,
        callbacks: Callbacks,
        telemetry: Telemetry,
        on_finished: Callable[[UUID], None],
        on_again: Callable[[], None],
        on_written: Callable[[], None],
    ) -> None:
        self._lane = lane
        self._callbacks = callbacks
        self._telemetry = telemetry
        self._on_finished = on_finished
        self._on_again = on_again
        self._on_written = on_written
        self._reports: list[Report] = []
        self._writing: list[Report] = []
        self._steps = Steps(lane, telemetry)
        self._awaited: list[UUID] = []
        self._released: list[Job] = []
        self._wake = asyncio.Event()
        self.lines = Lines(lane, telemetry, self._wake.set)
        self._idle = asyncio.Event()
        self._idle.set()
        self._pace = Pace()

    @property
    def backlog(self) -> int:
        """Outcomes that are not written yet."""
        return len(self._reports) + len(self._writing)

    def attempt_ids(self) -> set[int]:
        """The attempts whose outcomes are not written yet."""
        return {report.job.attempt_id or 0 for report in (*self._reports, *self._writing)}

    def report(self, report: Report) -> None:
        """Take an outcome; it goes with the next group."""
        if not self._reports:
            self._idle.clear()
            self._wake.set()
        self._reports.append(report)

    def progress(self, run: Run, fraction: float, message: str | None) -> asyncio.Future[None]:
        """Write progress down with the next group. Of one job's, only the last is written."""
        self._wake.set()
        return self._steps.add(run, fraction, message)

    async def serve(self) -> None:
        """Write groups, for ever. Raises when the schema is gone."""
        # What an earlier, failed round had in hand comes first.
        self._reports[:0], self._writing = self._writing, []
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._reports or self._steps or self.lines or self._awaited or self._released:
                pause = self._pace.left(len(self._reports), monotonic())
                if pause > 0 and not self._steps:
                    await asyncio.sleep(pause)
                self._writing = self._reports[:LARGEST_GROUP]
                del self._reports[:LARGEST_GROUP]
                self._pace.begin(len(self._writing), monotonic())
                await self._steps.write()
                await self.lines.write(self._writing)
                await self._write(self._writing)
                self._writing = []
                self._on_written()
                await self._announce()
                await self._offer()
            self._idle.set()

    async def flush(self, timeout: float) -> bool:
        """Wait until everything reported so far is written; says whether it is."""
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def settled(self, report: Report, became: Settled) -> None:
        """Tell those concerned what has become of a job, after it is committed."""
        job = report.job
        if became.awaited:
            self._awaited.append(job.uid)
            self._pace.awaited(monotonic())
            self._wake.set()
        if self._callbacks.active or self._telemetry.wants(AttemptEnded):
            _apply(job, report.outcome, became)
            if report.wait is None:
                # Nobody was told of its start: it was claimed ahead and given back.
                self._callbacks.job_ended(job)
            else:
                self._telemetry.emit(AttemptEnded(job, report.ran))
                self._callbacks.attempt_ended(job)
        if became.status in TERMINAL:
            self._on_finished(job.uid)
            return
        if isinstance(report.outcome, Released):
            self._released.append(job)
        self._on_again()

    async def _write(self, reports: Sequence[Report]) -> None:
        """Write a group, however long the database is away."""
        if not reports:
            return
        pause = Pause()
        resent = False
        while True:
            try:
                became = await self._send(reports)
                missing = [report for report in reports if report.job.id not in became]
                verdicts = await self._verify(missing, resent=resent)
                break
            except Exception as error:
                if is_schema_missing(error):
                    raise
                if is_data_error(error):
                    await self._divide(reports)
                    return
                if is_missing_partition(error):
                    await self._make_partitions()
                else:
                    await self._rest("writing outcomes", error, pause)
                # The reply may be all that was lost.
                resent = True
        for report in reports:
            settled = became.get(report.job.id) or verdicts.get(report.job.id)
            if settled is None:
                self._telemetry.emit(ClaimLost(report.job))
            else:
                self.settled(report, settled)

    async def _send(self, reports: Sequence[Report]) -> dict[int, Settled]:
        completed = [report for report in reports if isinstance(report.outcome, Complete)]
        others = [report for report in reports if not isinstance(report.outcome, Complete)]
        operations = [complete(completed)] if completed else []
        if others:
            operations.append(settle(others))
        became: dict[int, Settled] = {}
        for answer in await self._lane.run_together(operations):
            became |= answer
        return became

    async def _verify(self, missing: Sequence[Report], *, resent: bool) -> dict[int, Settled]:
        """Find out about outcomes that hit nothing: lost, written before, or met by a cancel."""
        if not missing:
            return {}
        verdicts = await self._lane.run(verify([report.job for report in missing]))
        became: dict[int, Settled] = {}
        cancelled: list[Report] = []
        for report in missing:
            verdict = verdicts.get(report.job.id)
            if verdict is None:
                continue
            if verdict.held and verdict.cancelling:
                cancelled.append(report)
            elif not verdict.held and (resent or verdict.settled.status == "completed"):
                became[report.job.id] = verdict.settled
        if cancelled:
            became |= await self._lane.run(settle(cancelled))
        return became

    async def _divide(self, reports: Sequence[Report]) -> None:
        """Find the outcome that the database refuses, so that the others are written."""
        if len(reports) > 1:
            middle = len(reports) // 2
            await self._write(reports[:middle])
            await self._write(reports[middle:])
            return
        (report,) = reports
        constants = _constants(report.outcome)
        if constants == report.outcome:
            error = ValueError(f"the database refuses the outcome of job {report.job.uid}")
            self._telemetry.emit(StatementFailed("writing an outcome", error, 0.0))
            return
        await self._write([Report(report.job, constants, report.wait, report.ran)])

    async def _announce(self) -> None:
        awaited, self._awaited = self._awaited, []
        if awaited:
            try:
                await self._lane.run(announce(awaited))
            except Exception as error:
                # Those who wait look by themselves, too.
                self._telemetry.emit(StatementFailed("announcing finished jobs", error, 0.0))

    async def _offer(self) -> None:
        """Wake others for jobs that were given back: this worker will not take them again soon."""
        released, self._released = self._released, []
        if released:
            try:
                await self._lane.run(
                    wake([job.queue for job in released], [job.type for job in released])
                )
            except Exception as error:
                # Those who sleep look by themselves, too.
                self._telemetry.emit(StatementFailed("waking other workers", error, 0.0))

    async def _make_partitions(self) -> None:
        try:
            await self._lane.run(create_partitions())
        except Exception as error:
            await self._rest("making partitions", error, Pause())

    async def _rest(self, what: str, error: Exception, pause: Pause) -> None:
        seconds = pause.next()
        self._telemetry.emit(StatementFailed(what, error, seconds))
        await asyncio.sleep(seconds)


def _constants(outcome: Outcome) -> Outcome:
    """Say the same without anything that came from the handler."""
    match outcome:
        case Complete():
            return Complete(_UNSTORABLE_RESULT)
        case Retried(delay, _):
            return Retried(delay, _UNSTORABLE)
        case _:
            return Failed(_UNSTORABLE)


def _apply(job: Job, outcome: Outcome, became: Settled) -> None:
    """Bring the job in hand up to what was written."""
    job.status = became.status  # pyright: ignore[reportAttributeAccessIssue]
    job.updated_at = became.changed_at
    if became.status == "pending":
        job.worker = None
        job.run_at = became.run_at or job.run_at
    else:
        job.completed_at = became.changed_at
    match outcome:
        case Retried(_, failure) | Failed(failure):
            job.error = JobError(failure.type, failure.message)
        case Snoozed() | Released():
            job.refunded += became.status == "pending"
        case _:
            pass
