"""How many jobs of each queue a worker can take."""

from __future__ import annotations

from collections.abc import Callable, Mapping


class Shares:
    """The queues of a worker with their limits; another one is first each time.

    `in_hand` says how many jobs of a limited queue the worker has already.
    """

    def __init__(self, queues: Mapping[str, int | None], in_hand: Callable[[str], int]) -> None:
        self._queues = dict(queues)
        self._names = list(queues)
        self._in_hand = in_hand
        self._turn = 0

    @property
    def queues(self) -> list[str]:
        """All queues."""
        return self._names

    def room(self, queue: str) -> bool:
        """Whether one more job of a queue can be taken."""
        if queue not in self._queues:
            return False
        limit = self._queues[queue]
        return limit is None or self._in_hand(queue) < limit

    def capacities(self, wanted: int) -> dict[str, int]:
        """Return how many jobs may be taken of each queue that has room, if `wanted` are in all."""
        self._turn = (self._turn + 1) % len(self._names)
        capacities: dict[str, int] = {}
        for name in self._names[self._turn :] + self._names[: self._turn]:
            limit = self._queues[name]
            left = wanted if limit is None else limit - self._in_hand(name)
            if left > 0:
                capacities[name] = left
        return capacities
