"""Draining where a lot else is in the tables."""

from __future__ import annotations

import time
from dataclasses import replace

from bench.contender import Contender, Growth
from bench.growing import multiply
from bench.stage import Stage
from bench.workload import Figure, Measured, OurWorkload, Size, Workload
from bench.workloads.draining import drain

MILLION = 1_000_000
SEED = 200
"""Jobs that are really created, before their rows are multiplied."""

FAR = 30 * 86_400.0
"""Seconds until scheduled jobs are due."""

FINDS = 200

SECONDS = 2.0
"""How long a drain is to last: there are two of them in each round."""


REST = 6.0
"""Seconds before each drain: a disk that has just been given a gigabyte is slow for a while, though
the server believes that all is written."""


class Grown(Workload):
    """A drain on empty tables, then one on large ones: the second over the first."""

    figures = (
        Figure("empty", "jobs/s, empty"),
        Figure("rate", "jobs/s, grown"),
        Figure("ratio", "grown over empty", 2),
    )
    best_only = True
    count = MILLION

    def seconds(self, contender: Contender, size: Size) -> float:
        n = self._jobs(contender, size)
        once = 2.5 + contender.start + n / contender.drains + n / contender.bulks
        build = size.rows(self.count) / 40_000 / self.rounds
        return 2 * (once + REST) + build + size.rows(self.count) / 400_000

    def run(self, stage: Stage, size: Size) -> Measured:
        n = self._jobs(stage.contender, size)
        stage.clear()
        empty = self._drain(stage, n)
        stage.prepare(self.name, lambda: self.build(stage, size))
        grown = self._drain(stage, n)
        measured: Measured = {
            "empty": empty["rate"],
            "rate": grown["rate"],
            "ratio": grown["rate"] / empty["rate"],
            "jobs": n,
            "rows": size.rows(self.count),
        }
        if "cut" in grown:
            measured["cut"] = grown["cut"]
        return {**measured, **self.look(stage)}

    def finish(self, stage: Stage) -> None:
        stage.forget(self.name)

    def build(self, stage: Stage, size: Size) -> None:
        """Make the tables large."""
        raise NotImplementedError

    def look(self, stage: Stage) -> Measured:
        """Measure something else there."""
        return {}

    def _jobs(self, contender: Contender, size: Size) -> int:
        return size.jobs(contender.drains, SECONDS)

    def _drain(self, stage: Stage, n: int) -> Measured:
        stage.fill(n)
        stage.settle()
        time.sleep(REST)
        return drain(stage, n)


class History(Grown):
    """Finished jobs."""

    name = "history"
    title = "Drain with a million finished jobs"
    explanation = "Rows of finished jobs in the peer's own tables, against none."

    def build(self, stage: Stage, size: Size) -> None:
        stage.fill(SEED)
        drain(stage, SEED)
        multiply(stage, stage.peer.history, size.rows(self.count))


class Scheduled(Grown):
    """Jobs of the future."""

    name = "scheduled"
    title = "Drain with a million scheduled jobs"
    explanation = "Jobs that are due in 30 days, against none."

    def build(self, stage: Stage, size: Size) -> None:
        stage.fill(SEED, delay=FAR)
        multiply(stage, stage.peer.scheduled, size.rows(self.count))


class Archived(History, OurWorkload):
    """Ten million finished jobs, of ten days."""

    name = "archived"
    title = "Drain with ten million archived jobs"
    explanation = "Ten days of history, a million jobs a day; and `find` of one of them."
    figures = (*Grown.figures, Figure("find_ms", "find ms", 2, less_is_better=True))
    count = 10 * MILLION

    def look(self, stage: Stage) -> Measured:
        uids = stage.rows(
            "select uid::text from steve.job_archive tablesample system (0.1) limit %s", (FINDS,)
        ) or stage.rows("select uid::text from steve.job_archive limit %s", (FINDS,))
        return {"find_ms": stage.run("find", uids=[uid for (uid,) in uids])["median_ms"]}


class Paused(OurWorkload, Grown):
    """Ready jobs of a queue that is paused, next to the one that is drained."""

    name = "paused"
    title = "Drain beside a paused queue with a million ready jobs"
    explanation = "The worker serves both queues."

    def build(self, stage: Stage, size: Size) -> None:
        stage.fill(SEED, queues=1)
        stage.run("pause", queue="q0")
        growth = stage.peer.scheduled[0]
        multiply(stage, (_everywhere(growth),), size.rows(self.count))

    def _drain(self, stage: Stage, n: int) -> Measured:
        stage.fill(n)
        stage.settle()
        time.sleep(REST)
        return drain(stage, n, serve=["default", "q0"])


def _everywhere(growth: Growth) -> Growth:
    return replace(growth, rows="true")
