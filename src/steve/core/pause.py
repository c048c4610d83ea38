"""How long to wait before a background statement that failed is tried again."""

from __future__ import annotations

import random

FIRST = 0.1
LONGEST = 2.0


class Pause:
    """Pauses in seconds that double, up to a limit, each drawn between its half and its whole."""

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        """Return the next pause."""
        pause = self._next * random.uniform(0.5, 1.0)  # noqa: S311 - spreads, hides nothing
        self._next = min(self._next * 2, self._longest)
        return pause

    def reset(self) -> None:
        """Begin anew: it has worked."""
        self._next = self._first
