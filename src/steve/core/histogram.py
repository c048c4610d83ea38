"""Durations counted by their size, as samples keep them: small, and good to about a fifth."""

from __future__ import annotations

BUCKETS = 55
"""The first is below a millisecond, the last from about a day on, two for each doubling between."""

_SMALLEST = 0.001


class Histogram(tuple[int, ...]):
    """How many durations there are of each size. Trailing zeros may be left out."""

    __slots__ = ()

    def percentile(self, share: float) -> float | None:
        """Estimate the seconds that `share` of all durations stay below; None without any.

        Within a bucket sizes are taken to be spread evenly by their logarithm. What is at one of
        the two ends, below a millisecond or beyond a day, is said to be at the border.
        """
        total = sum(self)
        if not total:
            return None
        rank = share * total
        for index, count in enumerate(self):
            if count and rank <= count:
                return _size(index, rank / count)
            rank -= count
        return _size(len(self) - 1, 1.0)


def _size(index: int, share: float) -> float:
    if index == 0:
        return _SMALLEST
    within = 0.0 if index >= BUCKETS - 1 else share
    return _SMALLEST * 2 ** ((index - 1 + within) / 2)
