"""The rows of the panes, made of what the database has answered."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from steve.cli.job_view import clock
from steve.cli.output import STATUS_STYLES, shown
from steve.cli.top.look import Filter, Picture
from steve.cli.top.pane import Column, Pane, Row
from steve.operations.monitor_jobs import JobRow
from steve.operations.monitor_whole import QueueState, WorkerState

BAR = 12
MOST_HELD = 20
"""Jobs that are known of each worker."""

_UNHAPPY = ("failed", "cancelled", "expired")
_MEBIBYTE = 1 << 20
_SPANS = ((60.0, 1.0, "s"), (3600.0, 60.0, "m"), (86_400.0, 3600.0, "h"), (1e9, 86_400.0, "d"))

QUEUES = (
    Column(""),
    Column("state", 9),
    Column("ready", 9, right=True),
    Column("scheduled", 9, right=True),
    Column("running", 7, right=True),
    Column("workers", 7, right=True),
    Column("done/s", 7, right=True),
    Column("failed/s", 8, right=True, wide=100),
    Column("wait p50", 8, right=True, wide=110),
    Column("wait p95", 8, right=True, wide=110),
)
WORKERS = (
    Column(""),
    Column("queues"),
    Column("running", 9, right=True),
    Column("memory", 8, right=True, wide=80),
    Column("up", 6, right=True),
    Column("lease", 5, right=True),
    Column("version", 9, wide=120),
)
RUNNING = (
    Column(""),
    Column("uid", 8),
    Column("queue", 14, wide=100),
    Column("tries", 5, right=True),
    Column("for", 6, right=True),
    Column("progress", BAR + 5),
    Column("message"),
)
ALIKE = (
    Column(""),
    Column("uid", 8),
    Column("queue", 14, wide=100),
    Column("tries", 5, right=True),
    Column("when", 8),
    Column("payload", shares=3),
)
"""Of jobs that all have the same status."""

FAILED = (*ALIKE[:-1], Column("error", shares=3))
MIXED = (*ALIKE[:-1], Column("status", 9), Column("error or payload", shares=3))


def made() -> list[Pane]:
    """Make the four panes."""
    return [
        Pane("queues", QUEUES, "no queue has jobs, workers or settings"),
        Pane("workers", WORKERS, "no worker is alive: start one by `steve worker module:jobs`"),
        Pane("running", RUNNING, "no worker runs anything"),
        Pane("jobs", FAILED, "no such jobs"),
    ]


def fill(panes: list[Pane], picture: Picture, wanted: Filter) -> None:
    """Show what was found."""
    queues, workers, running, jobs = panes
    queues.show([_queue(queue) for queue in picture.queues], f"1 Queues {len(picture.queues)}")
    workers.show(
        [_worker(worker, picture.now) for worker in picture.workers],
        f"2 Workers {len(picture.workers)}",
    )
    running.show([_running(job) for job in picture.running], "3 Running")
    mixed = wanted.status is None
    jobs.show(
        [_job(job, mixed) for job in picture.jobs],
        f"4 {(wanted.status or 'all jobs').capitalize()}",
        MIXED if mixed else FAILED if wanted.status in _UNHAPPY else ALIKE,
    )


def _queue(queue: QueueState) -> Row:
    if queue.paused:
        state = Text("❚❚ paused", "yellow")
    elif queue.workers == 0 and (queue.ready or queue.scheduled):
        state = Text("! nobody", "red")
    else:
        state = Text("open", "green")
    waits = (queue.waits.percentile(0.5), queue.waits.percentile(0.95))
    cells = (
        shown(queue.name), state, f"{queue.ready:,}", f"{queue.scheduled:,}", f"{queue.running:,}",
        str(queue.workers), rate(queue.completed_rate), _failed(queue.failed_rate),
        *(short(wait) for wait in waits),
    )  # fmt: skip
    return Row(queue.name, cells, subject=queue)


def _worker(state: WorkerState, now: datetime) -> Row:
    worker = state.worker
    late = worker.lease_left < 5
    cells = (
        shown(worker.name),
        Text("stopping", "yellow") if worker.stopping else shown(", ".join(worker.queues)),
        f"{_busy(state)}/{worker.concurrency}",
        "" if worker.memory is None else f"{worker.memory / _MEBIBYTE:,.0f} MiB",
        short((now - worker.registered_at).total_seconds()),
        Text(short(worker.lease_left), "red" if late else ""),
        shown(worker.version),
    )
    return Row(worker.id, cells, subject=worker)


def _busy(state: WorkerState) -> int:
    """Return how many handlers of a worker are busy, as far as is known.

    It holds jobs beyond those; and the number that it told last may be some seconds old.
    """
    held = len(state.jobs)
    return min(held if held < MOST_HELD else state.worker.running, state.worker.concurrency)


def _running(job: JobRow) -> Row:
    message = (
        Text("to be cancelled", "yellow") if job.cancelling else shown(job.progress_message or "")
    )
    cells = (
        shown(job.type), str(job.uid)[-8:], shown(job.queue), _tries(job), short(job.duration),
        bar(job.progress), message,
    )  # fmt: skip
    return Row(job.uid, cells, subject=job)


def _job(job: JobRow, mixed: bool) -> Row:
    failed = job.error is not None and job.status != "completed"
    what = str(job.error).partition("\n")[0] if failed else job.preview
    when = job.completed_at or (job.run_at if job.status == "pending" else job.started_at)
    status = [Text(job.status, STATUS_STYLES.get(job.status, ""))] if mixed else []
    cells = (
        shown(job.type), str(job.uid)[-8:], shown(job.queue), _tries(job), clock(when),
        *status, shown(what),
    )  # fmt: skip
    return Row(job.uid, cells, subject=job)


def _tries(job: JobRow) -> str:
    return f"{job.attempts}/{job.max_attempts}"


def _failed(per_second: float | None) -> Text:
    return Text(rate(per_second), "red" if per_second else "")


def bar(share: float | None) -> Text:
    """Draw a share of 1 as a bar; nothing where no progress was reported."""
    if not share:
        return Text()
    halves = round(max(0.0, min(share, 1.0)) * BAR * 2)
    done = "━" * (halves // 2) + ("╸" if halves % 2 else "")
    return Text.assemble(
        (done, "green"), ("━" * (BAR - len(done)), "bright_black"), f" {share:>4.0%}"
    )


def rate(per_second: float | None) -> str:
    """Write jobs per second for people."""
    if per_second is None:
        return ""
    return f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.1f}"


def short(seconds: float | None) -> str:
    """Write a duration in six characters at most: `12.3s`, `4.1m`, `2.0h`, `31d`."""
    if seconds is None:
        return ""
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f}ms"
    for limit, unit, name in _SPANS:
        if abs(seconds) < limit:
            value = seconds / unit
            return f"{value:.1f}{name}" if abs(value) < 10 else f"{value:.0f}{name}"
    return "ages"
