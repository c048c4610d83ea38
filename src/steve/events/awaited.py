"""Jobs that are waited for, and when to look at each of them next."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Iterator
from itertools import count
from time import monotonic
from uuid import UUID

from steve.core.job import Job
from steve.events.calls import Callback

SETTLING = (0.0, 0.02, 0.1, 0.3)
"""Seconds after the wait began of the first looks: a job that ends while we register is not
notified."""

LONGEST_PAUSE = 30.0
"""Seconds between looks at most, at a job that nobody but a callback waits for."""


OUT = -1.0
"""When a job is due that is not on the agenda."""


class Awaited:
    """A job with those who wait for it. Times are those of the monotonic clock."""

    __slots__ = ("asked_at", "callbacks", "due", "futures", "known", "looks", "since", "uid")

    def __init__(self, uid: UUID) -> None:
        self.uid = uid
        self.asked_at = monotonic()
        self.since = self.asked_at
        self.due = self.asked_at
        self.looks = 0
        self.known = False
        """Whether a look has found the job."""
        self.futures: list[asyncio.Future[Job]] = []
        self.callbacks: list[Callback] = []

    def begin(self) -> None:
        """Somebody has begun to wait: the first looks come again."""
        self.since = monotonic()
        self.looks = 0

    def next_look(self, poll_interval: float) -> float:
        """Return when to look again, after a look that has settled nothing."""
        self.looks += 1
        if self.looks < len(SETTLING):
            return self.since + SETTLING[self.looks]
        now = monotonic()
        pause = poll_interval
        if not self.futures:
            # Notifications bring callbacks their news; a week of looking every second need not be.
            pause = max(pause, min((now - self.since) / 10, LONGEST_PAUSE))
        return now + pause * random.uniform(0.75, 1.25)  # noqa: S311 - spreads, hides nothing


class Agenda:
    """The jobs in the order of their next looks."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Awaited]] = []
        self._numbers: Iterator[int] = count()

    def put(self, awaited: Awaited, due: float) -> None:
        """Look at a job then, and not when it was said before."""
        awaited.due = due
        heapq.heappush(self._heap, (due, next(self._numbers), awaited))

    def put_back(self, awaited: Awaited, due: float) -> None:
        """Look again at a job that was taken out; earlier, if that was asked for meanwhile."""
        if awaited.due == OUT or awaited.due > due:
            self.put(awaited, due)

    def next(self) -> float | None:
        """Return when the next look is due, or None."""
        while self._heap and self._heap[0][2].due != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, until: float, most: int) -> list[Awaited]:
        """Take out jobs that are due by `until`; each has to be put back, or left."""
        taken: list[Awaited] = []
        while len(taken) < most:
            due = self.next()
            if due is None or due > until:
                break
            awaited = heapq.heappop(self._heap)[2]
            # What else is in the heap for it is out of date.
            awaited.due = OUT
            taken.append(awaited)
        return taken
