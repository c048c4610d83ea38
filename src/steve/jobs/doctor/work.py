"""Judging whether the work gets done: workers, what they handle, what waits for them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from steve.jobs.doctor.check import Finding, Status
from steve.jobs.doctor.thresholds import (
    RESCUE_MARGIN,
    UNHANDLED_ERROR,
    WAIT_ERROR,
    WAIT_WARNING,
)
from steve.jobs.doctor.words import counted, span
from steve.operations.doctor import LostWorker, UnhandledType, Waiting
from steve.sql import quoted

_RESCUE = (
    "start a worker on this schema: any of them, whatever it handles, takes over within two "
    "seconds what the lost one held. Without one, `await jobs.cleanup()` does"
)


def judge_workers(lost: Sequence[LostWorker], schema: str) -> list[Finding]:
    """Judge workers that somebody should have declared dead, and jobs that nobody took back."""
    findings = [
        _judge_worker(worker, schema)
        for worker in lost
        if worker.kind == "gone" or worker.seconds >= RESCUE_MARGIN
    ]
    return findings or [Finding("ok", "no worker is silent beyond its lease")]


def _judge_worker(worker: LostWorker, schema: str) -> Finding:
    held = f"holds {counted(worker.jobs, 'job')}" if worker.jobs else "holds no jobs"
    if worker.kind == "gone":
        return Finding(
            "error",
            f"{counted(worker.jobs, 'job')} are running for worker {worker.id}, which has no row "
            "any more: no rescue would come upon them",
            "give the worker a row that says that it is lost, by the SQL; then " + _RESCUE,
            [_grave(worker.id, schema)],
        )
    who = f"worker {worker.id} ({worker.name}, pid {worker.pid} on {worker.host})"
    status: Status = "error" if worker.jobs else "warning"
    if worker.kind == "dead":
        text = f"{who} died {span(worker.seconds)} ago and still {held}: nobody rescues them"
        return Finding(status, text, _RESCUE)
    text = f"{who} has been silent for {span(worker.seconds)} beyond its lease and {held}"
    return Finding(status, text, _RESCUE)


def _grave(worker: int, schema: str) -> str:
    return (
        f"INSERT INTO {quoted(schema)}.worker (id, name, host, pid, version, channel, queues, "
        f"concurrency, lease, expires_at) VALUES ({worker}, 'lost', '', 0, '', '', '{{}}', 1, 1, "
        "'-infinity');"
    )


def judge_types(rows: Sequence[UnhandledType]) -> list[Finding]:
    """Judge what is pending that no live worker takes."""
    return [_judge_type(row) for row in rows] or [
        Finding("ok", "there is a worker for every type that is pending")
    ]


def _judge_type(row: UnhandledType) -> Finding:
    jobs = f"{counted(row.jobs, 'job')} of type {row.type!r} in queue {row.queue!r}"
    due = f"due for {span(row.waited)}" if row.waited > 0 else f"due in {span(-row.waited)}"
    if row.workers == 0:
        why, remedy = "no worker is alive", f"start a worker that handles {row.type!r}"
    elif row.workers_of_queue == 0:
        why = "no live worker serves the queue"
        remedy = (
            f"start a worker for the queue, as in `steve worker … --queue {shlex.quote(row.queue)}`"
        )
    else:
        why = "no live worker of the queue handles the type"
        remedy = f"deploy the handler of {row.type!r}, or look for a misspelt type"
    cancel = f"steve cancel --type {shlex.quote(row.type)}"
    return Finding(
        "error" if row.waited >= UNHANDLED_ERROR else "warning",
        f"{jobs}, the first {due}: {why}",
        f"{remedy}; what nobody wants any more goes by `{cancel}`",
    )


def judge_backlog(rows: Sequence[Waiting]) -> list[Finding]:
    """Judge how long jobs wait that somebody could take."""
    late = [row for row in rows if row.waited >= WAIT_WARNING]
    if not late:
        jobs = sum(row.jobs for row in rows)
        waits = f", the oldest for {span(rows[0].waited)}" if rows else ""
        return [Finding("ok", f"{counted(jobs, 'job')} ready{waits}")]
    return [
        Finding(
            "error" if row.waited >= WAIT_ERROR else "warning",
            f"{counted(row.jobs, 'job')} of type {row.type!r} ready in queue {row.queue!r}, "
            f"the oldest for {span(row.waited)}",
            "the workers do not keep up: start more of them or raise --concurrency, and see in "
            "`steve health` which type takes long; `steve list --status running` shows what hangs",
        )
        for row in late
    ]
