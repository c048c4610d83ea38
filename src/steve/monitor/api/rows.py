"""From what the database says to what the API says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from steve.core.failure import JobError
from steve.core.job import TERMINAL, JobStatus
from steve.monitor.redaction import Redaction
from steve.monitor.shapes.jobs import AttemptRow, Content, Detail, Error, LogLine, Row, Verb
from steve.monitor.shapes.whole import Action, QueueRow, RunningJob, WorkerRow
from steve.operations.monitor_job import JobDetail, Line, Text, Try
from steve.operations.monitor_jobs import JobRow
from steve.operations.monitor_whole import Done, QueueState, WorkerState

MOST_NAMED = 3
"""Jobs that a description of an action names."""


def row(found: JobRow, redaction: Redaction) -> Row:
    """A job in a list."""
    job = found._asdict()
    job["error"] = _error(found.error)
    job["preview"] = redaction.preview(found.type, found.preview)
    return Row(**job)


def rows(found: Iterable[JobRow], redaction: Redaction) -> list[Row]:
    """Jobs in a list."""
    return [row(each, redaction) for each in found]


def detail(found: JobDetail, redaction: Redaction) -> Detail:
    """Everything about a job."""
    type = found.job.type

    def content(text: Text) -> Content:
        return redaction.content(type, text.text, text.bytes)

    fields = found._asdict()
    fields["job"] = row(found.job, redaction)
    fields["payload"] = content(found.payload)
    fields["result"] = None if found.result is None else content(found.result)
    fields["meta"] = content(found.meta)
    fields["attempts"] = [_attempt(each, found.now) for each in found.attempts]
    return Detail(**fields, actions=actions(found.job.status))


def actions(status: JobStatus) -> list[Verb]:
    """What can be done with a job of this status."""
    if status == "running":
        return ["cancel"]
    if status not in TERMINAL:
        return ["cancel", "delete"]
    return ["delete"] if status == "completed" else ["retry", "delete"]


def line(found: Line) -> LogLine:
    """A line of a job's log."""
    return LogLine(**found._asdict())


def queue(found: QueueState) -> QueueRow:
    """A queue."""
    fields = found._asdict()
    for name in ("blocked", "oldest_ready", "waits"):
        del fields[name]
    waits = found.waits
    return QueueRow(**fields, wait_p50=waits.percentile(0.5), wait_p95=waits.percentile(0.95))


def worker(found: WorkerState) -> WorkerRow:
    """A worker with what it runs."""
    fields = {name: getattr(found.worker, name) for name in found.worker.__struct_fields__}
    return WorkerRow(**fields, jobs=[RunningJob(**job._asdict()) for job in found.jobs])


def action(found: Done) -> Action:
    """Something that somebody did."""
    fields = found._asdict()
    fields["target"] = _target(found)
    return Action(**fields)


def _error(error: JobError | None) -> Error | None:
    return None if error is None else Error(error.type, error.message)


def _attempt(found: Try, now: datetime) -> AttemptRow:
    duration = None
    if found.started_at is not None:
        duration = ((found.completed_at or now) - found.started_at).total_seconds()
    return AttemptRow(
        found.number,
        found.status,
        found.started_at,
        found.completed_at,
        duration,
        found.worker,
        _error(found.error),
        found.traceback,
    )


def _target(found: Done) -> str:
    target = found.target
    if "queue" in target:
        return f"queue {target['queue']}"
    if "worker" in target:
        return f"worker {target['worker']}"
    if "filter" in target:
        given = ", ".join(f"{name} {_said(value)}" for name, value in target["filter"].items())
        return f"jobs with {given}" if given else "all jobs"
    uids = [str(uid) for uid in target.get("uids", ())]
    more = len(uids) - MOST_NAMED
    return ", ".join(uids[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _said(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
