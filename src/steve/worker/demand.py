"""How many jobs to claim ahead of free slots: as many as will start within a moment.

A worker whose handlers take a second claims nothing ahead, so it hoards nothing; one that runs
thousands of jobs a second claims hundreds at once, so that claims cost little for each.
"""

from __future__ import annotations

HORIZON = 0.04
"""Seconds of work to have in hand. A claim takes a few milliseconds."""

MOST = 1000
_SHORTEST = 0.001


class Demand:
    """Follows the rate at which attempts start, and says how many to claim ahead.

    The rate is that of the last few claims: it jumps up at once, and halves when it falls, so
    that a batch of slow jobs ends the claiming ahead soon, and a single pause does not.
    """

    def __init__(self) -> None:
        self._rate = 0.0
        self._started = 0
        self._at: float | None = None

    def ahead(self, started: int, now: float) -> int:
        """Return how many jobs to have in the buffer.

        `started` counts attempts since the worker began, `now` is the monotonic clock in seconds.
        """
        if self._at is not None and now - self._at >= _SHORTEST:
            rate = (started - self._started) / (now - self._at)
            self._rate = rate if rate > self._rate else (rate + self._rate) / 2
        if self._at is None or now - self._at >= _SHORTEST:
            self._started, self._at = started, now
        return min(int(self._rate * HORIZON), MOST)

    def forget(self) -> None:
        """There was nothing to do: what was before says nothing about what comes."""
        self._rate = 0.0
        self._at = None
