"""Draining jobs that are spread over a thousand queues."""

from __future__ import annotations

from bench.contender import Contender
from bench.stage import Stage
from bench.workload import Figure, Measured, Size, Workload
from bench.workloads.draining import drain, jobs_for

QUEUES = 1000


class Queues(Workload):
    """A worker that serves a thousand queues, against one that serves one."""

    name = "queues"
    title = "Drain of a thousand queues"
    explanation = "Jobs spread evenly over 1,000 queues, and a worker that serves them all."
    figures = (
        Figure("one", "jobs/s, one queue"),
        Figure("rate", "jobs/s, 1,000 queues"),
        Figure("ratio", "1,000 over one", 2),
    )
    best_only = True

    def takes(self, contender: Contender) -> bool:
        return super().takes(contender) and contender.config != "fetch"

    def seconds(self, contender: Contender, size: Size) -> float:
        n = self._jobs(contender, size)
        return 15 + 2 * (contender.start + n / contender.drains + n / contender.bulks)

    def run(self, stage: Stage, size: Size) -> Measured:
        n = self._jobs(stage.contender, size)
        stage.clear()
        stage.fill(n)
        stage.settle()
        one = drain(stage, n)
        stage.clear()
        stage.fill(n, queues=QUEUES)
        stage.settle()
        many = drain(stage, n, queues=QUEUES)
        measured: Measured = {
            "one": one["rate"],
            "rate": many["rate"],
            "ratio": many["rate"] / one["rate"],
            "jobs": n,
        }
        if "cut" in many:
            measured["cut"] = many["cut"]
        return measured

    def _jobs(self, contender: Contender, size: Size) -> int:
        return max(QUEUES, jobs_for(contender, size))
