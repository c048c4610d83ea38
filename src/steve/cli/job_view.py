"""Jobs and attempts as JSON for programs and as text for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from steve.cli.output import STATUS_STYLES, shown, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from steve.core.job import Attempt, Job

_COLUMNS = ("uid", "type", "queue", "status", "attempts", "created", "ended or due", "note")
_NARROW_COLUMNS = ("uid", "status", "type", "attempts", "created", "note")
_LEAST = {"uid": 36, "status": 9, "attempts": 3, "created": 8}


def job_document(job: Job) -> dict[str, Any]:
    """Return a job for `--json`: its public fields under their names, times in UTC."""
    import msgspec

    fields: dict[str, Any] = msgspec.structs.asdict(job)
    fields["backoff_strategy"] = str(job.backoff_strategy)
    fields["progress"] = {"fraction": job.progress.fraction, "message": job.progress.message}
    return fields


def attempt_document(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt for `--json`."""
    import msgspec

    return msgspec.structs.asdict(attempt)


def moment(time: datetime | None) -> str:
    """Return a time in the terminal's time zone, to the second."""
    return "" if time is None else time.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def clock(time: datetime | None) -> str:
    """Return the time of day in the terminal's time zone."""
    return "" if time is None else time.astimezone().strftime("%H:%M:%S")


def span(seconds: float | None) -> str:
    """Return a duration for people: `0.312 s`, `42 s`, `5 min`, `3.2 h`, `4.0 d`."""
    if seconds is None:
        return ""
    for limit, text in (
        (10.0, f"{seconds:.3f} s"),
        (120.0, f"{seconds:.0f} s"),
        (7200.0, f"{seconds / 60:.0f} min"),
        (172_800.0, f"{seconds / 3600:.1f} h"),
    ):
        if seconds < limit:
            return text
    return f"{seconds / 86_400:.1f} d"


def jobs_table(jobs: Sequence[Job], *, narrow: bool = False) -> RenderableType:
    """Make the table of `steve list`, on demand one for terminals of 80 columns."""
    rows = [_narrow_row(job) if narrow else _row(job) for job in jobs]
    return table(
        _NARROW_COLUMNS if narrow else _COLUMNS,
        rows,
        styles=[STATUS_STYLES.get(job.status) for job in jobs],
        numbers=("attempts",),
        least=_LEAST,
    )


def _row(job: Job) -> tuple[object, ...]:
    return (
        job.uid,
        job.type,
        job.queue,
        job.status,
        f"{job.attempts}/{job.max_attempts}",
        moment(job.created_at),
        moment(job.completed_at or (job.run_at if job.status == "pending" else None)),
        _note(job),
    )


def _narrow_row(job: Job) -> tuple[object, ...]:
    return (
        job.uid,
        job.status,
        job.type,
        f"{job.attempts}/{job.max_attempts}",
        clock(job.created_at),
        _note(job),
    )


def _note(job: Job) -> str:
    if job.error is not None:
        return str(job.error).partition("\n")[0]
    return _progress(job)


def job_lines(job: Job) -> list[tuple[str, str]]:
    """Return the lines of `steve show`: names and values."""
    lines: list[tuple[str, str]] = [
        ("uid", str(job.uid)),
        ("id", str(job.id)),
        ("type", job.type),
        ("status", job.status),
        ("queue", job.queue),
        ("priority", str(job.priority)),
        ("attempts", _attempts(job)),
        ("backoff", str(job.backoff_strategy)),
        ("timeout", span(job.timeout) or "none"),
        ("created", moment(job.created_at)),
        ("scheduled", moment(job.scheduled_at)),
        ("next start", moment(job.run_at) if job.status == "pending" else ""),
        ("first start", moment(job.started_at)),
        ("ended", moment(job.completed_at)),
        ("expires", moment(job.expires_at)),
        ("worker", "" if job.worker is None else str(job.worker)),
        ("progress", _progress(job)),
        ("tags", ", ".join(job.tags)),
        ("meta", _json(job.meta) if job.meta else ""),
        ("payload", _json(job.payload)),
        ("result", "" if job.result is None else _json(job.result)),
        ("error", "" if job.error is None else str(job.error)),
    ]
    return [(name, shown(value)) for name, value in lines if value]


def _attempts(job: Job) -> str:
    text = f"{job.attempts} of {job.max_attempts}"
    if job.refunded:
        text += f", {job.refunded} of them given back"
    if job.crashes:
        text += f", {job.crashes} ended with their worker (at most {job.max_crashes} survived)"
    return text


def _progress(job: Job) -> str:
    if not job.progress.fraction and not job.progress.message:
        return ""
    return f"{job.progress.fraction:.0%} {job.progress.message or ''}".rstrip()


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


def attempts_table(attempts: Sequence[Attempt]) -> RenderableType:
    """Make the table of `steve show --attempts`."""
    rows = [
        (
            attempt.attempt_number,
            attempt.status,
            moment(attempt.started_at),
            _took(attempt),
            "" if attempt.worker is None else attempt.worker,
            (attempt.error_message or "").partition("\n")[0],
        )
        for attempt in attempts
    ]
    columns = ("attempt", "status", "started", "took", "worker", "message")
    return table(columns, rows, numbers=("attempt", "took", "worker"))


def _took(attempt: Attempt) -> str:
    if attempt.started_at is None or attempt.completed_at is None:
        return ""
    return span((attempt.completed_at - attempt.started_at).total_seconds())
