"""Where a worker's claims have come to, so that the next one need not begin at the beginning.

A claim reads its index from the oldest due job on. Jobs that have been claimed leave dead entries
there, which each claim would step over until they are cleaned away; while somebody holds a snapshot
open nothing is, and after a million jobs a claim would take seconds. So the next claim starts
where the last one ended. What turns up before that place, like a job whose transaction took long to
commit, is looked for apart, a few times a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from steve.core.job import Job
from steve.operations.claim import Mark

MOST = 32
"""Marks kept: a statement compares each of them with each queue."""

SLOW = 0.02
"""Seconds that a claim from the beginning may take before marks are kept at low rates too."""


class Marks:
    """The place (run_at, id) of the last job claimed, by queue and priority."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, int], Mark] = {}
        self._overlooked: dict[tuple[str, int], Mark] = {}
        self.slow = False
        """Whether it takes long to read from the beginning on."""

    def __bool__(self) -> bool:
        return bool(self._places)

    def seen(self) -> list[Mark]:
        """Return the places themselves."""
        return list(self._places.values())

    def all(self) -> list[Mark]:
        """Return the marks to claim by: the places, moved back to before what was overlooked."""
        for key in self._overlooked.keys() & self._places.keys():
            queue, priority, run_at, id = self._overlooked[key]
            self._places[key] = Mark(queue, priority, run_at, id - 1)
        self._overlooked.clear()
        return self.seen()

    def learn(self, seconds: float) -> None:
        """Learn how long it took to read from the beginning on."""
        self.slow = seconds > SLOW

    def advance(self, jobs: Sequence[Job], *, more: bool, some_left: bool = False) -> None:
        """Go on behind jobs that were claimed, in their order; `more` when that was not all.

        When it was all, there is nothing to be won but where the beginning is slow to read. When
        some due ones among them were left, the next claim must come upon those again.
        """
        if some_left or not (more or self.slow):
            self.forget()
            return
        for key, job in {(job.queue, job.priority): job for job in jobs}.items():
            # The newest last, so that the oldest go first.
            self._places.pop(key, None)
            self._places[key] = Mark(job.queue, job.priority, job.run_at, job.id)
        while len(self._places) > MOST:
            del self._places[next(iter(self._places))]

    def forget(self) -> None:
        """Begin at the beginning again."""
        self._places.clear()
        self._overlooked.clear()

    def go_back(self, places: Iterable[Mark]) -> None:
        """Go back to right before these places, after the claim that may be under way."""
        self._overlooked |= {(place.queue, place.priority): place for place in places}
