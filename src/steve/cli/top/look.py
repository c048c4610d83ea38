"""What `steve top` asks the database, once a second."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from steve.core.job import STATUSES, JobStatus
from steve.database.database import Database
from steve.operations.monitor_jobs import JobRow, Sought, rows, states
from steve.operations.monitor_whole import (
    Names,
    QueueState,
    WorkerState,
    ended,
    names,
    queue_states,
    worker_states,
)

SHOWN: tuple[JobStatus | None, ...] = ("failed", None, "pending", "completed", "cancelled")
"""What the pane of jobs can show, in turn; None is all of them."""

MOST_JOBS = 100
_NAMES_FOR = 30.0
"""Seconds that names are remembered."""

_ENDED = ("failed", "completed", "cancelled", "expired")
_WORD = re.compile(r"(?:(queue|type|status):)?(\S+)")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs and queues are shown: those whose names have these words in them."""

    type: str = ""
    queue: str = ""
    status: JobStatus | None = "failed"

    @classmethod
    def read(cls, text: str, status: JobStatus | None) -> Filter:
        """Read `mail queue:slow status:cancelled`, in any order. Raises ValueError."""
        found = {"type": "", "queue": ""}
        for kind, word in _WORD.findall(text):
            if kind != "status":
                found[kind or "type"] = word
            elif word == "all":
                status = None
            elif word in STATUSES:
                status = word
            else:
                raise ValueError(f"no status {word}: {', '.join(STATUSES)} or all")
        return cls(**found, status=status)

    def __str__(self) -> str:
        words = [f"queue:{self.queue}" if self.queue else "", self.type]
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a look has found. Rates are jobs per second at this moment."""

    now: datetime
    completed_rate: float
    failed_rate: float
    queues: list[QueueState]
    workers: list[WorkerState]
    running: list[JobRow]
    jobs: list[JobRow]


class Looker:
    """Looks at what its filter lets through."""

    def __init__(self, database: Database) -> None:
        self.filter = Filter()
        self._database = database
        self._names: tuple[float, Names] | None = None

    async def look(self) -> Picture:
        """Look once: two round trips, three where names are filtered."""
        wanted = self.filter
        jobs = rows(
            await self._sought(wanted),
            limit=MOST_JOBS,
            order="finished" if wanted.status in _ENDED else "newest",
        )
        queues, rates, workers, found = await self._database.run_together(
            [queue_states(), ended(), worker_states(), jobs]
        )
        return Picture(
            now=rates.now,
            completed_rate=rates.completed_rate,
            failed_rate=rates.failed_rate,
            queues=[queue for queue in queues if wanted.queue in queue.name],
            workers=workers,
            running=await self._running(workers, wanted),
            jobs=found.rows,
        )

    async def _running(self, workers: Sequence[WorkerState], wanted: Filter) -> list[JobRow]:
        """Read the jobs that have run for longest."""
        held = sorted(
            (job for worker in workers for job in worker.jobs if wanted.type in job.type),
            key=lambda job: job.attempted_at,
        )
        if not held:
            return []
        found = await self._database.run(states([job.uid for job in held[:MOST_JOBS]]))
        running = [job for job in found if job.status == "running" and wanted.queue in job.queue]
        return sorted(running, key=lambda job: (job.attempted_at or job.created_at, job.id))

    async def _sought(self, wanted: Filter) -> Sought:
        known = await self._known() if wanted.type or wanted.queue else Names([], [])
        return Sought(
            status=() if wanted.status is None else (wanted.status,),
            type=_matching(wanted.type, known.types),
            queue=_matching(wanted.queue, known.queues),
        )

    async def _known(self) -> Names:
        if self._names is None or self._names[0] < time.monotonic():
            found = await self._database.run(names())
            self._names = (time.monotonic() + _NAMES_FOR, found)
        return self._names[1]


def _matching(word: str, known: Sequence[str]) -> list[str]:
    """Return the names that have the word in them; the word itself if none has."""
    return ([name for name in known if word in name] or [word]) if word else []
