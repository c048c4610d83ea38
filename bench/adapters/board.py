"""Shared memory in which worker processes note their handler calls.

Eight slots of doubles, then one per job. Times are seconds of the monotonic clock, which all
processes of a machine share. The same layout is written by `node/adapter.js`.
"""

from __future__ import annotations

import mmap
import time
from pathlib import Path

CALLS, FIRST, LAST, WARM = range(4)
"""Slots: handler calls, when the first and the last one began, calls for warming up."""

HEAD = 8
SIZE = 8


class Board:
    """A board, opened by a worker process to write and by the harness to read."""

    def __init__(self, path: str | Path, *, record: bool = False) -> None:
        with Path(path).open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self._slots = memoryview(self._memory).cast("d")
        self._record = record

    @classmethod
    def make(cls, path: Path, jobs: int) -> Board:
        """Make a board with room for the starts of `jobs` jobs."""
        with path.open("wb") as file:
            file.truncate((HEAD + jobs) * SIZE)
        return cls(path)

    def hit(self, number: int) -> None:
        """Note that a handler has begun with a job; a negative number is a warm-up."""
        slots = self._slots
        if number < 0:
            slots[WARM] += 1
            return
        now = time.monotonic()
        if not slots[CALLS]:
            slots[FIRST] = now
        slots[LAST] = now
        slots[CALLS] += 1
        if self._record and not slots[HEAD + number]:
            slots[HEAD + number] = now

    @property
    def calls(self) -> int:
        """Handler calls so far."""
        return int(self._slots[CALLS])

    @property
    def warm(self) -> int:
        """Handler calls for warming up."""
        return int(self._slots[WARM])

    @property
    def first(self) -> float:
        """When the first handler began; 0 before."""
        return self._slots[FIRST]

    @property
    def last(self) -> float:
        """When the latest handler began; 0 before."""
        return self._slots[LAST]

    def starts(self, jobs: int) -> list[float]:
        """When the handlers of the jobs numbered from 0 began; 0 for those that did not."""
        return list(self._slots[HEAD : HEAD + jobs])

    def close(self) -> None:
        """Give the memory back."""
        self._slots.release()
        self._memory.close()
