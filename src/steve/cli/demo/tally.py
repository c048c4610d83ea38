"""What became of the jobs that this run of the demo created."""

from __future__ import annotations

import secrets
import time
from collections import deque
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from steve.core.job import Job

_RATE_OVER = 15.0
"""Seconds over which the rate is taken."""


class Summary(msgspec.Struct, frozen=True):
    """How a run of the demo went. `pending` jobs wait for their next start."""

    seconds: float
    created: int
    completed: int
    failed: int
    cancelled: int
    retried: int
    pending: int


class Tally:
    """Counts jobs with its tag. Those that an earlier run left behind are only told of."""

    def __init__(self, tell: Callable[[str, Job], None]) -> None:
        self._tell = tell
        self._started = time.monotonic()
        self.tag = f"demo-{secrets.token_hex(4)}"
        self._ends: deque[float] = deque()
        self._created: set[UUID] = set()
        self._over: set[UUID] = set()
        self.running = 0
        self.counts = dict.fromkeys(("created", "completed", "failed", "cancelled", "retried"), 0)

    def created(self, job: Job) -> None:
        """A job was created."""
        self.counts["created"] += 1
        self._created.add(job.uid)
        self._tell("created", job)

    def attempted(self, job: Job) -> None:
        """An attempt started or ended; the job's status tells which."""
        if job.status == "running":
            self.running += 1
            # It may be one that was over, and that somebody has retried.
            self._over.discard(job.uid)
            self._tell("started", job)
            return
        self.running -= 1
        what = "retried" if job.status == "pending" else str(job.status)
        if what != "cancelled":
            self._ended(what, job)

    def done(self, job: Job) -> None:
        """A job is over. Cancelled ones may never have started."""
        self._over.add(job.uid)
        if job.status == "cancelled":
            self._ended("cancelled", job)

    def _ended(self, what: str, job: Job) -> None:
        self._tell(what, job)
        if what != "retried":
            self._ends.append(time.monotonic())
        if self.tag in job.tags and what in self.counts:
            self.counts[what] += 1

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    @property
    def unfinished(self) -> int:
        """Jobs of this run that are not over."""
        return len(self._created - self._over)

    def rate(self) -> float:
        """Jobs that ended per second, of late."""
        now = time.monotonic()
        while self._ends and self._ends[0] < now - _RATE_OVER:
            self._ends.popleft()
        return len(self._ends) / max(min(self.seconds, _RATE_OVER), 1.0)

    def summary(self) -> Summary:
        """Sum it up, once everything is written."""
        return Summary(round(self.seconds, 1), **self.counts, pending=self.unfinished)
