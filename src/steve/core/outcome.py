"""How an attempt ended, as a value: decided here, written later and in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from steve.core.backoff import Backoff, parse_stored
from steve.core.control import Cancel, ControlSignal, Fail, Retry, Snooze
from steve.core.failure import ExecutionTimeout, Failure, JobError
from steve.core.text import cut

if TYPE_CHECKING:
    from steve.core.job import Job

__all__ = [
    "Cancelled",
    "Complete",
    "ExecutionTimeout",
    "Failed",
    "Failure",
    "JobError",
    "Outcome",
    "Released",
    "Retried",
    "Snoozed",
    "decide_error",
]


class Complete(msgspec.Struct, frozen=True):
    """The handler returned. `result` is JSON, or None when it returned None."""

    result: bytes | None = None


class Retried(msgspec.Struct, frozen=True):
    """The attempt failed. The next one is `delay` seconds away, if the job has one left."""

    delay: float
    failure: Failure


class Snoozed(msgspec.Struct, frozen=True):
    """The handler put the job off for `delay` seconds; the attempt is refunded."""

    delay: float


class Released(msgspec.Struct, frozen=True):
    """The worker gave the job back when it stopped; the attempt is refunded."""


class Cancelled(msgspec.Struct, frozen=True):
    """The job is over: somebody cancelled it, or its handler did, for `reason`."""

    reason: str | None = None


class Failed(msgspec.Struct, frozen=True):
    """The job is over: no further attempt can help."""

    failure: Failure


Outcome = Complete | Retried | Snoozed | Released | Cancelled | Failed


def decide_error(error: BaseException, job: Job) -> Outcome:
    """Decide what an exception that left the handler means for `job`. Never raises.

    Whether an attempt is left is not decided here: the statement that writes the outcome knows.
    """
    if not isinstance(error, ControlSignal):
        return Retried(_backoff(job), Failure.of(error))
    if isinstance(error, Snooze):
        return Snoozed(error.delay)
    if isinstance(error, Cancel):
        return Cancelled(None if error.reason is None else cut(error.reason))
    if isinstance(error, Fail):
        return Failed(_asked_for(error, "Fail", error.reason))
    if isinstance(error, Retry):
        delay = _backoff(job) if error.delay is None else error.delay
        return Retried(delay, _asked_for(error, "Retry", None))
    return Retried(_backoff(job), Failure.of(error))


def _backoff(job: Job) -> float:
    strategy = job.backoff_strategy
    rule = strategy if isinstance(strategy, Backoff) else parse_stored(strategy)
    return rule.delay(job.attempts - job.refunded)


def _asked_for(signal: ControlSignal, name: str, reason: str | None) -> Failure:
    """Describe the error behind `raise Retry(...) from error`, else the signal itself."""
    if reason is not None:
        return Failure.of(signal).named(name, reason)
    cause: BaseException | None = signal
    # A signal raised from a signal says nothing more; the bound ends cycles of them.
    for _ in range(100):
        cause = cause.__cause__
        if not isinstance(cause, ControlSignal):
            break
    if cause is None or isinstance(cause, ControlSignal):
        return Failure.of(signal).named(name, str(signal))
    return Failure.of(cause)
