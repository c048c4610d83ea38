"""A steady stream of jobs."""

from __future__ import annotations

from typing import Any

from bench.contender import Contender
from bench.stage import Stage
from bench.workload import Figure, Measured, OurWorkload, Size, Workload
from bench.workloads.pickup import LATENCIES, WARM, latencies, paced, quantiles

RATE = 500
SECONDS = 20.0
CLIENTS = 8
HOLDING = 128
"""Connections of callers that keep their transactions open: on average 50 at once."""

FIGURES = (
    *LATENCIES,
    Figure("worker_cpu", "worker CPU s", 2, less_is_better=True),
    Figure("server_cpu", "PostgreSQL CPU s", 2, less_is_better=True),
    Figure("cpu", "both", 2, less_is_better=True),
    Figure("real_rate", "created/s"),
    Figure("handled", "handled"),
)


def steady(stage: Stage, size: Size, **options: Any) -> Measured:
    """Create jobs at an even pace; latencies in milliseconds, CPU in seconds for 10,000 jobs."""
    n = size.jobs(RATE, SECONDS)
    times = stage.folder / "times"
    stage.clear()
    told = {"n": n, "pause": (1 / RATE, 1 / RATE), "warm": WARM, "times": str(times), **options}
    with stage.workers(jobs=n) as crew, stage.process("paced", **told) as producer:
        before = (crew.cpu(), stage.server.cpu())
        result = paced(stage, crew, producer, n, 30)
        stage.wait_finished(10)
        worker, server = crew.cpu() - before[0], stage.server.cpu() - before[1]
        crew.check()
        from_commit, _ = latencies(crew, times, n)
    per_10_000 = 10_000 / n
    return {
        **quantiles(from_commit),
        "worker_cpu": worker * per_10_000,
        "server_cpu": server * per_10_000,
        "cpu": (worker + server) * per_10_000,
        "producer_cpu": result["cpu"] * per_10_000,
        "real_rate": n / result["seconds"],
        "handled": len(from_commit),
        "jobs": n,
    }


class Steady(Workload):
    """500 jobs a second."""

    name = "steady"
    title = f"A steady {RATE} jobs per second"
    explanation = (
        "Latency from the commit to the handler's start, and the CPU seconds of the worker and "
        f"of PostgreSQL for 10,000 jobs, with up to {CLIENTS} creates under way at once."
    )
    figures = FIGURES
    compared = "cpu"
    best_only = True
    yardsticks = frozenset({"bare"})

    def takes(self, contender: Contender) -> bool:
        return super().takes(contender) and contender.config != "asyncio"

    def reason(self, contender: Contender) -> str:
        if contender.drains < RATE:
            return f"it drains fewer than {RATE} jobs per second"
        return super().reason(contender)

    def seconds(self, contender: Contender, size: Size) -> float:
        return 6 + contender.start + size.jobs(RATE, SECONDS) / RATE

    def run(self, stage: Stage, size: Size) -> Measured:
        return steady(stage, size, clients=CLIENTS)


class SteadyTransactions(OurWorkload):
    """The same, created in transactions that stay open for a while."""

    name = "steady-transactions"
    title = f"A steady {RATE} jobs per second out of callers' transactions"
    explanation = (
        "Each job is created in a transaction of its caller's that is committed 0 to 200 ms "
        "later; latency from that commit."
    )
    figures = FIGURES
    rounds = 5

    def seconds(self, contender: Contender, size: Size) -> float:
        return 8 + contender.start + size.jobs(RATE, SECONDS) / RATE

    def run(self, stage: Stage, size: Size) -> Measured:
        return steady(stage, size, clients=HOLDING, hold=True)
