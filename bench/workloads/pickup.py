"""Pickup: how soon a job starts when nothing else is to be done."""

from __future__ import annotations

import array
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.contender import Contender
from bench.process import AdapterProcess, Crew
from bench.stage import Stage
from bench.workload import Figure, Measured, Size, Workload

SECONDS = 10.0
SECONDS_PROMPT = 16.0
"""For those that are told of a job instead of looking for one now and then: 200 jobs, so that a
p99 is more than the slowest of all."""

PAUSE = (0.03, 0.13)
WARM = 3

LATENCIES = (
    Figure("p50", "p50 ms", 2, less_is_better=True),
    Figure("p95", "p95 ms", 2, less_is_better=True),
    Figure("p99", "p99 ms", 2, less_is_better=True),
)


def quantile(samples: Sequence[float], share: float) -> float:
    """A quantile, between two samples if need be; 0 of none."""
    ordered = sorted(samples)
    if not ordered:
        return 0.0
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def quantiles(milliseconds: Sequence[float], prefix: str = "") -> Measured:
    """Return p50, p95 and p99."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {f"{prefix}{key}": quantile(milliseconds, share) for key, share in shares.items()}


def latencies(crew: Crew, times: Path, n: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the commit and from the call of create to the handler's start.

    A handler may start before create has returned: that is 0. Jobs that never started are left
    out: the caller counts them.
    """
    moments = array.array("d", times.read_bytes())
    started = crew.starts(n)
    jobs = [number for number in range(n) if started[number]]
    return (
        [max(0.0, started[number] - moments[2 * number + 1]) * 1000 for number in jobs],
        [(started[number] - moments[2 * number]) * 1000 for number in jobs],
    )


def paced(
    stage: Stage, crew: Crew, producer: AdapterProcess, n: int, limit: float
) -> dict[str, Any]:
    """Let a producer begin once everything is warm and idle; returns its result."""
    producer.event("ready")
    crew.wait_warm(WARM, 60)
    time.sleep(max(1.0, 2 * stage.contender.quiet))
    producer.go()
    result = producer.event("result")
    crew.wait_calls(n, limit, patience=True)
    time.sleep(0.05)  # Node writes its board now and then
    return result


class Pickup(Workload):
    """One job at a time, with pauses in between."""

    name = "pickup"
    title = "Pickup on an idle system"
    explanation = (
        "From the commit of a single create to the start of its handler, on one clock; the "
        "worker has been without work for some time."
    )
    figures = (
        *LATENCIES,
        Figure("call_p50", "p50 from the call", 2, less_is_better=True),
        Figure("call_p99", "p99 from the call", 2, less_is_better=True),
        Figure("samples", "samples"),
    )
    compared = "p50"
    rounds = 5
    quick = True
    yardsticks = frozenset({"bare"})

    def seconds(self, contender: Contender, size: Size) -> float:
        shortest, longest = self._pause(contender)
        between = (shortest + longest) / 2
        return 4 + contender.start + 4 * contender.quiet + self._samples(contender, size) * between

    def run(self, stage: Stage, size: Size) -> Measured:
        n = self._samples(stage.contender, size)
        times = stage.folder / "times"
        stage.clear()
        options: dict[str, Any] = {
            "n": n,
            "pause": self._pause(stage.contender),
            "clients": 1,
            "warm": WARM,
            "times": str(times),
        }
        with stage.workers(jobs=n) as crew, stage.process("paced", **options) as producer:
            paced(stage, crew, producer, n, 4 * stage.contender.quiet + 10)
            from_commit, from_call = latencies(crew, times, n)
        return {
            "samples": len(from_commit),
            **quantiles(from_commit),
            **quantiles(from_call, "call_"),
        }

    def _pause(self, contender: Contender) -> tuple[float, float]:
        if contender.quiet < PAUSE[1]:
            return PAUSE
        return contender.quiet, 2 * contender.quiet

    def _samples(self, contender: Contender, size: Size) -> int:
        pause = self._pause(contender)
        seconds = 2.0 if size.quick else SECONDS_PROMPT if pause == PAUSE else SECONDS
        return max(5, round(seconds * size.scale / (sum(pause) / 2)))
