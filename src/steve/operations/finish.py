"""Writing down how attempts ended. Every statement repeats the attempt id: it is the fence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from steve.core.job import Job
from steve.core.outcome import (
    Cancelled,
    Complete,
    Failed,
    Failure,
    Outcome,
    Released,
    Retried,
    Snoozed,
)
from steve.operations.operation import Operation, Rows, nothing


class Report(msgspec.Struct):
    """How an attempt ended.

    `wait` is the seconds from the claim to the handler's start, `ran` those from there to its
    end, on the worker's monotonic clock; a wait of None says that it never started.
    """

    job: Job
    outcome: Outcome
    wait: float | None
    ran: float = 0.0


class Settled(msgspec.Struct, frozen=True, gc=False):
    """What became of a job whose attempt ended: its status and, if pending, the next start."""

    status: str
    run_at: datetime | None
    changed_at: datetime
    awaited: bool


def complete(reports: Sequence[Report]) -> Operation[dict[int, Settled]]:
    """Complete jobs. Those missing from the answer were lost, or are asked to be cancelled."""
    reports = sorted(reports, key=_job_uid)
    results = [_result(report.outcome) for report in reports]

    def read(rows: Rows) -> dict[int, Settled]:
        ((ids, completed_at, awaited),) = rows
        became = dict.fromkeys(ids, Settled("completed", None, completed_at, False))
        became |= dict.fromkeys(awaited, Settled("completed", None, completed_at, True))
        return became

    return Operation(
        "worker/complete",
        {
            "uids": [report.job.uid for report in reports],
            "attempt_ids": [report.job.attempt_id for report in reports],
            "results": results if any(results) else None,
            "waits": [report.wait for report in reports],
        },
        read,
    )


def settle(reports: Sequence[Report]) -> Operation[dict[int, Settled]]:
    """End attempts that did not complete their job. Those missing from the answer were lost."""
    reports = sorted(reports, key=_job_uid)
    outcomes = [_settlement(report.outcome) for report in reports]
    failures = [outcome.failure for outcome in outcomes]
    return Operation(
        "worker/settle",
        {
            "uids": [report.job.uid for report in reports],
            "attempt_ids": [report.job.attempt_id for report in reports],
            "outcomes": [outcome.name for outcome in outcomes],
            "delays": [outcome.delay for outcome in outcomes],
            "waits": [report.wait for report in reports],
            "errors": [failure and failure.type for failure in failures],
            "messages": [outcome.message for outcome in outcomes],
            "tracebacks": [failure and failure.traceback for failure in failures],
            "fingerprints": [failure and failure.fingerprint for failure in failures],
        },
        lambda rows: {row[0]: Settled(*row[1:]) for row in rows},
    )


class Verdict(NamedTuple):
    """What is true of an attempt whose finish got no answer, or hit nothing.

    `held`: it still holds its job. Otherwise it ended the job, with `status`.
    """

    held: bool
    cancelling: bool
    settled: Settled


def verify(jobs: Sequence[Job]) -> Operation[dict[int, Verdict]]:
    """Ask what became of the last attempts of these jobs; those lost to others are missing."""

    def read(rows: Rows) -> dict[int, Verdict]:
        return {
            id: Verdict(held, bool(cancelling), Settled(status, run_at, changed_at, True))
            for id, _attempt_id, held, cancelling, status, run_at, changed_at in rows
        }

    return Operation("worker/verify", _fences(jobs), read, repeatable=True)


class Progressed(NamedTuple):
    """A report of progress: what share of the job is done, and a note."""

    job: Job
    fraction: float
    message: str | None


def progress(steps: Sequence[Progressed]) -> Operation[dict[int, bool]]:
    """Note the progress of jobs; answers, for each that is still held, whether it should stop."""
    return Operation(
        "worker/progress",
        {
            **_fences([step.job for step in steps]),
            "fractions": [step.fraction for step in steps],
            "messages": [step.message for step in steps],
        },
        lambda rows: dict[int, bool](_pairs(rows)),
        repeatable=True,
    )


class Logged(NamedTuple):
    """A line that a handler has logged, `at` a moment of the monotonic clock."""

    job: Job
    at: float
    level: int
    message: str


def log(lines: Sequence[Logged], now: float) -> Operation[None]:
    """Write down what attempts have logged, if they still hold their jobs; `now` is by the same
    clock."""
    return Operation(
        "worker/log",
        {
            **_fences([line.job for line in lines]),
            "agos": [now - line.at for line in lines],
            "levels": [line.level for line in lines],
            "messages": [line.message for line in lines],
        },
        nothing,
    )


def cancellations(jobs: Sequence[Job]) -> Operation[dict[int, bool]]:
    """Ask which running attempts should stop: True if asked to, False if they lost their job."""
    return Operation(
        "worker/cancellations",
        _fences(jobs),
        lambda rows: dict[int, bool](_pairs(rows)),
        repeatable=True,
    )


def _pairs(rows: Rows) -> list[tuple[Any, Any]]:
    return [(row[0], row[1]) for row in rows]


def _fences(jobs: Sequence[Job]) -> dict[str, Any]:
    return {
        "uids": [job.uid for job in jobs],
        "attempt_ids": [job.attempt_id for job in jobs],
    }


def _job_uid(report: Report) -> int:
    # Sorts as the UUID does, and numbers compare faster.
    return report.job.uid.int


def _result(outcome: Outcome) -> str | None:
    result = outcome.result if isinstance(outcome, Complete) else None
    return None if result is None else result.decode()


class _Settlement(NamedTuple):
    name: str
    delay: float | None = None
    message: str | None = None
    failure: Failure | None = None


def _settlement(outcome: Outcome) -> _Settlement:
    """Say an outcome in the words of `worker/settle.sql`."""
    match outcome:
        case Retried(delay, failure):
            return _Settlement("error", delay, failure.message, failure)
        case Failed(failure):
            return _Settlement("failed", None, failure.message, failure)
        case Snoozed(delay):
            return _Settlement("snoozed", delay)
        case Cancelled(reason):
            return _Settlement("cancelled", None, reason)
        case Released():
            return _Settlement("released")
        case Complete():
            # A completion that met a request to cancel: whichever commits first wins.
            return _Settlement("cancelled", None, "cancelled before its completion was written")
