"""What handlers, producers and the driver have seen, on record outside steve and PostgreSQL.

One line by one write to a file opened for appending, which a SIGKILL cannot tear. CLOCK_MONOTONIC
is the same for all processes of a machine.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

What = Literal[
    "start", "end", "interrupted",  # a handler began, ended by itself, was stopped from outside
    "asks", "answered",             # a handler asked PostgreSQL for something, and got it
    "created", "doomed",            # a create was acknowledged; its transaction was rolled back
    "refused",                      # a producer's call failed: what became of it is not known
    "paused", "resumed", "dead",    # a process was stopped, went on, is gone
    "tasks",                        # how many there are in a worker now
]  # fmt: skip


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened. `at` is the monotonic clock, `wall` the process's own idea of the
    time of day, `kind` the type of the job or of the failure, `number` that of tasks."""

    what: What
    at: float
    pid: int
    wall: float = 0.0
    uid: str = ""
    attempt: int = 0
    kind: str = ""
    number: int = 0


class Ledger:
    """A file that any number of processes write to at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def note(
        self,
        what: What,
        *,
        pid: int = 0,
        uid: object = "",
        attempt: int | None = 0,
        kind: str = "",
        number: int = 0,
    ) -> None:
        """Write a line, by default about this process."""
        line = Line(
            what, time.monotonic(), pid or os.getpid(), time.time(), str(uid), attempt or 0, kind,
            number,
        )  # fmt: skip
        os.write(self._file, msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        os.close(self._file)


_decoder = msgspec.json.Decoder(Line)


def read(path: Path) -> Iterator[Line]:
    """All lines, in the order in which they were written."""
    with path.open("rb") as file:
        yield from map(_decoder.decode, file)


class Watch:
    """Follows a ledger that is being written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0
        self._running: dict[int, set[int]] = defaultdict(set)
        self._at_work: set[int] = set()
        self._starts: dict[str, Line] = {}
        self._ends: dict[int, float] = {}
        self._tasks: dict[int, int] = {}

    def running(self, pid: int) -> int:
        """How many handlers of a process have begun and not ended."""
        self._catch_up()
        return len(self._running[pid])

    def at_work(self, pid: int) -> bool:
        """Whether a process has begun a handler so far."""
        self._catch_up()
        return pid in self._at_work

    def start(self, uid: str) -> Line | None:
        """The first start of a job."""
        self._catch_up()
        return self._starts.get(uid)

    def end(self, attempt: int) -> float | None:
        """When an attempt ended by its own account."""
        self._catch_up()
        return self._ends.get(attempt)

    def tasks(self, pid: int) -> int | None:
        """How many tasks a process has counted when it was asked last."""
        self._catch_up()
        return self._tasks.get(pid)

    def _catch_up(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._place)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._place += len(whole)
        for line in map(_decoder.decode, whole.splitlines()):
            if line.what == "start":
                self._at_work.add(line.pid)
                self._running[line.pid].add(line.attempt)
                self._starts.setdefault(line.uid, line)
            elif line.what == "end":
                self._running[line.pid].discard(line.attempt)
                self._ends[line.attempt] = line.at
            elif line.what == "tasks":
                self._tasks[line.pid] = line.number
