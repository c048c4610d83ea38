"""Answers that are shared: by requests that come at the same time, and within a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

FRESH_SECONDS = 1.0
MOST_ANSWERS = 200


@dataclass(frozen=True, slots=True)
class _Kept:
    task: asyncio.Task[bytes]
    since: float


class Cache:
    """Answers by what was asked. The work goes on for the others when whoever began it leaves."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    async def get(self, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the answer, making it unless somebody has, or is at it. Raises what `make` does,
        for all who wait for it."""
        self._clear_away()
        kept = self._kept.get(key)
        if kept is None:
            kept = _Kept(asyncio.ensure_future(_made(make)), monotonic())
            # Everybody who waits for it may have left when it fails.
            kept.task.add_done_callback(_failed)
            if len(self._kept) < MOST_ANSWERS:
                self._kept[key] = kept
        return await asyncio.shield(kept.task)

    def forget(self) -> None:
        """Something has changed: what was made before is not given to anybody new."""
        self._kept.clear()

    def _clear_away(self) -> None:
        limit = monotonic() - FRESH_SECONDS
        old = [
            key
            for key, kept in self._kept.items()
            if (kept.since < limit and kept.task.done()) or _failed(kept.task)
        ]
        for key in old:
            del self._kept[key]


async def _made(make: Callable[[], Awaitable[bytes]]) -> bytes:
    return await make()


def _failed(task: asyncio.Task[bytes]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
