"""When a small group of outcomes is worth waiting for a larger one."""

from __future__ import annotations

BETWEEN = 0.02
"""Seconds from one small group to the next: an outcome that comes meanwhile can wait for so long,
and at some hundred jobs a second a statement for each would cost several times as much."""

ENOUGH = 100
"""Outcomes that are written without waiting for more."""

IMPATIENCE = 1.0
"""Seconds for which outcomes are written at once after somebody has waited for one."""


class Pace:
    """Follows the groups that are written. Times are those of the monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._began = float("-inf")
        self._last = 0
        self._awaited = float("-inf")

    def begin(self, size: int, now: float) -> None:
        """A group of so many outcomes is being written."""
        self._began = now
        self._last = size

    def awaited(self, now: float) -> None:
        """Somebody waited for one of those that were written."""
        self._awaited = now

    def left(self, size: int, now: float) -> float:
        """Return how long to wait before writing so many; 0 or less: not at all.

        An outcome that comes alone, as did the one before, is never kept waiting.
        """
        if self._last < 2 or size >= ENOUGH or now < self._awaited + IMPATIENCE:
            return 0.0
        return self._began + BETWEEN - now
