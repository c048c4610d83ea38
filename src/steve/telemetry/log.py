"""The only module that writes the runtime's log lines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import Any

from steve.telemetry import catalogue as events
from steve.telemetry.restraint import Restraint
from steve.telemetry.telemetry import Telemetry

logger = logging.getLogger("steve")
_Writer = Callable[[Any], None]


def subscribe(telemetry: Telemetry) -> Callable[[], None]:
    """Write a log line for every event worth one; returns what ends that.

    Where the same trouble comes again and again, it is not told each time; see `Restraint`. The
    lines of single attempts are written when the level is DEBUG at this moment.
    """
    restraint = Restraint()
    writers = {kind: _restrained(write, restraint) for kind, write in _TROUBLE.items()} | _ALWAYS
    if logger.isEnabledFor(logging.DEBUG):
        writers |= _DEBUG
    ends = [telemetry.subscribe(kind, write) for kind, write in writers.items()]

    def unsubscribe() -> None:
        for end in ends:
            end()
        if restraint.kept_back:
            logger.warning(
                "%s more lines like the last of their kind were left out", restraint.kept_back
            )

    return unsubscribe


def _restrained(write: _Writer, restraint: Restraint) -> _Writer:
    def write_some(event: events.Event) -> None:
        kept_back = restraint.admit(_subject(event))
        if kept_back is None:
            return
        if kept_back:
            logger.warning("%s lines like the next were left out", kept_back)
        write(event)

    return write_some


def _subject(event: events.Event) -> Hashable:
    match event:
        case events.StatementFailed():
            return type(event), event.what
        case events.DatabaseAwaited():
            # What hinders us may change quickly, and is told once.
            return type(event), event.reason
        case events.ClaimLost() | events.HandlerStuck() | events.ResultReplaced():
            return type(event), event.job.type
        case events.LeaseRenewalFailed() | events.LoopBlocked():
            return type(event), event.worker
        case _:
            return type(event)


def _first_line(of: object) -> str:
    """What PostgreSQL says after that is a position in a statement of ours, or a guess."""
    first, *_ = str(of).strip().splitlines() or [""]
    return first


def _started(event: events.WorkerStarted) -> None:
    types = "all types" if event.types is None else ", ".join(event.types) or "no types yet"
    logger.info(
        "worker %s (%s) started: %s at once, queues %s, %s",
        event.worker, event.name, event.concurrency, ", ".join(event.queues), types,
    )  # fmt: skip


def _stopping(event: events.WorkerStopping) -> None:
    logger.info(
        "worker %s is stopping: %s running, up to %g s to finish",
        event.worker, event.running, event.grace,
    )  # fmt: skip


def _stopped(event: events.WorkerStopped) -> None:
    logger.info("worker %s stopped", event.worker)


def _failed(event: events.WorkerFailed) -> None:
    logger.error("worker %s cannot go on: %s", event.worker, event.error)


def _stop_requested(event: events.StopRequested) -> None:
    logger.info("worker %s was asked to stop", event.worker)


def _attempt_started(event: events.AttemptStarted) -> None:
    job = event.job
    logger.debug("Executing job %s (%s, %s), attempt %s", job.id, job.type, job.uid, job.attempts)


def _attempt_ended(event: events.AttemptEnded) -> None:
    job = event.job
    logger.debug("job %s (%s) is %s after %.3f s", job.id, job.type, job.status, event.seconds)


def _claim_lost(event: events.ClaimLost) -> None:
    job = event.job
    logger.warning(
        "job %s (%s, %s): attempt %s had lost its claim, its outcome is dropped",
        job.id, job.type, job.uid, job.attempts,
    )  # fmt: skip


def _stuck(event: events.HandlerStuck) -> None:
    job = event.job
    logger.error(
        "the handler of job %s (%s, %s) goes on %.1f s after it was told to stop (%s); "
        "it keeps its slot",
        job.id, job.type, job.uid, event.seconds, event.reason,
    )  # fmt: skip


def _result_replaced(event: events.ResultReplaced) -> None:
    job = event.job
    logger.warning("the result of job %s (%s) is not stored: %s", job.uid, job.type, event.reason)


def _renewal_failed(event: events.LeaseRenewalFailed) -> None:
    logger.warning(
        "worker %s could not renew its lease (%s); %.1f s left",
        event.worker, _first_line(event.error), max(event.left, 0.0),
    )  # fmt: skip


def _lease_lost(event: events.LeaseLost) -> None:
    logger.error("worker %s lost its lease: %s", event.worker, event.reason)


def _statement_failed(event: events.StatementFailed) -> None:
    logger.warning(
        "%s failed, trying again in %.1f s: %s: %s",
        event.what, event.retry_in, type(event.error).__name__, _first_line(event.error),
    )  # fmt: skip


def _buried(event: events.WorkersBuried) -> None:
    logger.warning("workers %s are dead", ", ".join(map(str, event.workers)))


def _rescued(event: events.JobsRescued) -> None:
    logger.warning(
        "took jobs from dead workers: %s will run again, %s failed, %s cancelled",
        event.again, event.failed, event.cancelled,
    )  # fmt: skip


def _parked(event: events.JobsParked) -> None:
    logger.warning(
        "%s jobs of type %r in queue %r wait: no live worker handles them",
        event.count, event.type, event.queue,
    )  # fmt: skip


def _unparked(event: events.JobsUnparked) -> None:
    logger.info("%s jobs that nobody handled are back: this worker does", event.count)


def _removed(event: events.PartitionsRemoved) -> None:
    logger.info("removed jobs past their retention: %s", ", ".join(event.names))


def _busy(event: events.PartitionBusy) -> None:
    logger.info("partition %s is past its retention but still read; later", event.name)


def _awaited(event: events.DatabaseAwaited) -> None:
    logger.info("waiting for the database %s: %s", event.where, event.reason)


def _reached(event: events.DatabaseReached) -> None:
    logger.info("the database is there, %.1f s later", event.seconds)


def _no_listen(event: events.ListenUnavailable) -> None:
    logger.warning("LISTEN does not work (%s): polling instead", _first_line(event.reason))


def _listen(event: events.ListenRestored) -> None:
    logger.info("LISTEN works again")


def _blocked(event: events.LoopBlocked) -> None:
    logger.warning(
        "worker %s: the event loop was blocked for %.1f s; a `def` handler would run in a thread",
        event.worker, event.seconds,
    )  # fmt: skip


_ALWAYS: dict[type[events.Event], _Writer] = {
    events.WorkerStarted: _started,
    events.WorkerStopping: _stopping,
    events.WorkerStopped: _stopped,
    events.WorkerFailed: _failed,
    events.StopRequested: _stop_requested,
    events.LeaseLost: _lease_lost,
    events.WorkersBuried: _buried,
    events.JobsRescued: _rescued,
    events.JobsParked: _parked,
    events.JobsUnparked: _unparked,
    events.PartitionsRemoved: _removed,
    events.PartitionBusy: _busy,
    events.DatabaseReached: _reached,
    events.ListenUnavailable: _no_listen,
    events.ListenRestored: _listen,
}
_TROUBLE: dict[type[events.Event], _Writer] = {
    events.ClaimLost: _claim_lost,
    events.HandlerStuck: _stuck,
    events.ResultReplaced: _result_replaced,
    events.LeaseRenewalFailed: _renewal_failed,
    events.StatementFailed: _statement_failed,
    events.DatabaseAwaited: _awaited,
    events.LoopBlocked: _blocked,
}
"""What may come many times a second, each like the one before."""
_DEBUG: dict[type[events.Event], _Writer] = {
    events.AttemptStarted: _attempt_started,
    events.AttemptEnded: _attempt_ended,
}
