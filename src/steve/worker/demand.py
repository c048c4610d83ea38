"""How many jobs to claim ahead of free slots: as many as will start within a moment.

A worker whose handlers take a second claims nothing ahead, so it hoards nothing; one that runs
thousands of jobs a second claims hundreds at once, so that claims cost little for each.
"""

from __future__ import annotations

HORIZON = 0.08
"""Seconds of work to have in hand. A claim takes a few milliseconds."""

MOST = 2000
_SHORTEST = 0.001


class Demand:
    """Follows how fast slots come free, and says how many jobs to claim ahead.

    Two measures must agree. One is the rate at which attempts end; it jumps up at once, and halves
    when it falls, so that a single pause does not end the claiming ahead. The other is what the
    slots can do, by how long attempts last: a few slow ones that end at the same moment look like
    a high rate, and are none.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._rate = 0.0
        self._lasting = 0.0
        self._ended = 0
        self._busy = 0.0
        self._at: float | None = None

    def ahead(self, ended: int, busy: float, now: float) -> int:
        """Return how many jobs to have in the buffer.

        `ended` counts attempts since the worker began, `busy` is the seconds they took, all of
        them together, `now` is the monotonic clock in seconds.
        """
        if self._at is None:
            self._ended, self._busy, self._at = ended, busy, now
        elif now - self._at >= _SHORTEST:
            count = ended - self._ended
            rate = count / (now - self._at)
            self._rate = rate if rate > self._rate else (rate + self._rate) / 2
            if count:
                self._lasting = (busy - self._busy) / count
            self._ended, self._busy, self._at = ended, busy, now
        rate = self._rate
        if rate * self._lasting > self._slots:
            rate = self._slots / self._lasting
        return min(int(rate * HORIZON), MOST)

    def forget(self) -> None:
        """There was nothing to do: what was before says nothing about what comes."""
        self._rate = 0.0
        self._at = None
