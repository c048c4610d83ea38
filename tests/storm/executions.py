"""When the code of an attempt really ran, out of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf

import msgspec

from storm.ledger import Line

UNSTOPPABLE = frozenset({"block", "freeze"})
"""Kinds of work that let nothing else of their process happen."""


class Span(msgspec.Struct, frozen=True):
    """A time in which a process, or one of its handlers, could not react."""

    start: float
    end: float


class Execution(msgspec.Struct, frozen=True):
    """A call of a handler. It ends when it says so, or with its process. `asking` is when it waited
    for PostgreSQL."""

    uid: str
    attempt: int
    pid: int
    kind: str
    start: float
    end: float
    asking: Span | None = None


def executions(lines: Sequence[Line]) -> dict[str, list[Execution]]:
    """The executions of each job, in the order of its attempts."""
    dead = {line.pid: line.at for line in lines if line.what == "dead"}
    ends, asks, answers = (
        {(line.pid, line.attempt): line.at for line in lines if line.what == what}
        for what in ("end", "asks", "answered")
    )
    found: dict[str, list[Execution]] = defaultdict(list)
    for line in lines:
        if line.what == "start":
            who = line.pid, line.attempt
            end = ends.get(who, dead.get(line.pid, inf))
            asking = Span(asks[who], answers.get(who, end)) if who in asks else None
            found[line.uid].append(
                Execution(line.uid, line.attempt, line.pid, line.kind, line.at, end, asking)
            )
    return {uid: sorted(runs, key=lambda run: run.attempt) for uid, runs in found.items()}


def overlaps(lines: Sequence[Line]) -> Iterator[str]:
    """Pairs of executions of one job of which the second began before the first had ended.

    Left out are those whose first could not be stopped: its process was suspended, a handler let
    it do nothing else, or it waited until PostgreSQL had given up a statement in its transaction.
    The fence is for these.
    """
    found = executions(lines)
    deaf = _deaf(lines, found)
    for uid, runs in found.items():
        for earlier, later in pairwise(runs):
            if (
                later.start < earlier.end
                and not _waits(earlier, later.start)
                and not any(
                    span.start < later.start and span.end > earlier.start
                    for span in deaf[earlier.pid]
                )
            ):
                yield (
                    f"{uid} ({earlier.kind}): attempt {later.attempt} began at "
                    f"{later.start:.3f} in process {later.pid}, attempt {earlier.attempt} ran from "
                    f"{earlier.start:.3f} to {earlier.end:.3f} in process {earlier.pid}"
                )


def _waits(run: Execution, since: float) -> bool:
    """Whether it did nothing but wait for PostgreSQL from that moment to its end."""
    return run.asking is not None and run.asking.start < since and run.asking.end >= run.end


def recoveries(lines: Sequence[Line]) -> list[float]:
    """For each execution that ended with its process: the seconds until the job ran elsewhere."""
    dead = {line.pid: line.at for line in lines if line.what == "dead"}
    return [
        later.start - earlier.end
        for runs in executions(lines).values()
        for earlier, later in pairwise(runs)
        if earlier.end == dead.get(earlier.pid)
    ]


def _deaf(lines: Sequence[Line], found: dict[str, list[Execution]]) -> dict[int, list[Span]]:
    """For each process the times in which it could not react."""
    spans: dict[int, list[Span]] = defaultdict(list)
    paused: dict[int, float] = {}
    for line in lines:
        if line.what == "paused":
            paused[line.pid] = line.at
        elif line.what in ("resumed", "dead") and line.pid in paused:
            spans[line.pid].append(Span(paused.pop(line.pid), line.at))
    for pid, since in paused.items():
        spans[pid].append(Span(since, inf))
    for runs in found.values():
        for run in runs:
            if run.kind in UNSTOPPABLE:
                spans[run.pid].append(Span(run.start, run.end))
    return spans
