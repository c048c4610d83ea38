"""Draining: jobs are there already, and workers run them as fast as they can."""

from __future__ import annotations

from typing import Any

from bench.contender import Contender
from bench.process import AdapterError
from bench.stage import Stage
from bench.workload import Figure, Measured, Size, Workload

SECONDS = 4.0
"""How long a drain is to last, if the contender is as fast as it is thought to be: its end is known
to some hundredths of a second only, as looking for unfinished jobs takes a while."""

MOST = 300_000

START_LIMIT = 60.0
LIMIT = 45.0
END_LIMIT = 15.0
"""Seconds to wait for the first handler, for the last one, and for the last row."""


def jobs_for(contender: Contender, size: Size) -> int:
    """How many jobs a drain takes."""
    return size.jobs(contender.drains, SECONDS if contender.drains > 2 else 15.0, MOST)


def drain(stage: Stage, n: int, *, workers: int = 1, **options: Any) -> Measured:
    """Let workers run the `n` jobs of the last fill; the rate in jobs per second.

    It counts from the first handler call to the moment when no unfinished job is left in the
    database; what has not come to its end within the limit, to the last handler call.
    """
    with stage.workers(workers, **options) as crew:
        crew.wait_calls(1, START_LIMIT)
        cpu, server_cpu = crew.cpu(), stage.server.cpu()
        whole = crew.wait_calls(n, LIMIT, patience=True)
        end = stage.wait_finished(END_LIMIT) if whole else None
        used, server_used = crew.cpu() - cpu, stage.server.cpu() - server_cpu
        done = n if end is not None else crew.calls
        ended = crew.last if end is None else end
        crew.check()
        measured: Measured = {
            "rate": done / max(ended - crew.first, 1e-3),
            "jobs": done,
            "worker_us": used / done * 1e6,
            "server_us": server_used / done * 1e6,
        }
        if end is None:
            measured["cut"] = f"cut off at {done:,} of {n:,} after {LIMIT:.0f} s"
        if crew.calls < done:
            raise AdapterError(f"only {crew.calls} handler calls for {n} jobs")
        return measured


class Drain(Workload):
    """Draining with one or two worker processes."""

    compared = "rate"

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.name = "drain" if workers == 1 else f"drain-{workers}"
        self.title = f"Drain, {'one worker process' if workers == 1 else f'{workers} workers'}"
        self.explanation = (
            "Jobs that do nothing, created before; from the first handler call to the moment "
            "when no unfinished job is left in the database."
        )
        self.figures = (
            Figure("rate", "jobs/s"),
            Figure("worker_us", "worker µs/job", 1, less_is_better=True),
            Figure("server_us", "PostgreSQL µs/job", 1, less_is_better=True),
            Figure("jobs", "jobs"),
        )
        if workers > 1:
            self.explanation += " Over one worker: that one drained as many just before."
            self.figures += (Figure("gain", "over one worker", 2),)
        self.yardsticks = frozenset({"bare", "own"} if workers == 1 else ())
        self.quick = workers == 1
        # The gain has the noise of two drains.
        self.rounds = 5 if workers == 1 else 7
        self.best_only = workers > 1

    def seconds(self, contender: Contender, size: Size) -> float:
        n = jobs_for(contender, size)
        once = 2.5 + contender.start + n / contender.drains + n / contender.bulks
        return once if self.workers == 1 else 2 * once

    def run(self, stage: Stage, size: Size) -> Measured:
        n = jobs_for(stage.contender, size)
        if stage.contender.yardstick:
            return self._yardstick(stage, n)
        if self.workers == 1:
            return self._drain(stage, n)
        alone, together = self._drain(stage, n), self._drain(stage, n, workers=self.workers)
        return {**together, "gain": together["rate"] / alone["rate"]}

    def _drain(self, stage: Stage, n: int, *, workers: int = 1) -> Measured:
        stage.clear()
        stage.fill(n)
        stage.settle()
        return drain(stage, n, workers=workers)

    def _yardstick(self, stage: Stage, n: int) -> Measured:
        """Run a loop that fills and measures itself, or measures itself."""
        stage.clear()
        if stage.peer.name != "bare":
            stage.fill(n)
            stage.settle()
        return {"rate": stage.run("drain", n=n)["rate"], "jobs": n}
