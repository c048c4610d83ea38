"""The memory of a worker that drains a lot."""

from __future__ import annotations

import time

from bench.contender import Contender
from bench.process import AdapterError
from bench.stage import Stage
from bench.workload import Figure, Measured, OurWorkload, Size

MILLION = 1_000_000
_EVERY = 0.25
_LIMIT = 600.0


class Memory(OurWorkload):
    """A million jobs, and what the worker has resident meanwhile."""

    name = "memory"
    title = "Memory of a worker that drains a million jobs"
    explanation = "Resident memory of the worker process, looked at four times a second."
    figures = (
        Figure("peak", "peak MB", 1, less_is_better=True),
        Figure("early", "MB at a tenth", 1, less_is_better=True),
        Figure("late", "MB at nine tenths", 1, less_is_better=True),
        Figure("rate", "jobs/s"),
    )

    def seconds(self, contender: Contender, size: Size) -> float:
        n = size.rows(MILLION)
        return 10 + n / contender.bulks + n / contender.drains

    def run(self, stage: Stage, size: Size) -> Measured:
        n = size.rows(MILLION)
        stage.clear()
        stage.fill(n)
        stage.settle()
        curve: list[tuple[int, float]] = []
        with stage.workers() as crew:
            crew.wait_calls(1, 60)
            deadline = time.monotonic() + _LIMIT
            while (calls := crew.calls) < n:
                curve.append((calls, round(crew.resident() / 2**20, 2)))
                if time.monotonic() > deadline:
                    raise AdapterError(f"only {calls:,} of {n:,} jobs within {_LIMIT:.0f} s")
                crew.check()
                time.sleep(_EVERY)
            end = stage.wait_finished(30) or time.monotonic()
            curve.append((crew.calls, round(crew.resident() / 2**20, 2)))
            rate = n / (end - crew.first)
        return {
            "peak": max(megabytes for _, megabytes in curve),
            "early": _at(curve, n * 0.1),
            "late": _at(curve, n * 0.9),
            "rate": rate,
            "jobs": n,
            "curve": curve,
        }


def _at(curve: list[tuple[int, float]], calls: float) -> float:
    return next((megabytes for done, megabytes in curve if done >= calls), curve[-1][1])
