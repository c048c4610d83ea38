"""Creating jobs: one by one, and many at once."""

from __future__ import annotations

import time

from bench.contender import Contender
from bench.ours import OWN, RAW
from bench.stage import Stage
from bench.workload import Figure, Measured, OurWorkload, Size, Workload

RATE = Figure("rate", "jobs/s")
COSTS = (
    Figure("client_us", "client µs/job", 1, less_is_better=True),
    Figure("server_us", "PostgreSQL µs/job", 1, less_is_better=True),
)

_BACKLOG = 20_000
_SLOW = 0.1
_BUSY = 10
"""A worker is kept busy with so many handlers of so many seconds, and enough jobs for them."""


def create(stage: Stage, command: str, n: int, **options: int) -> Measured:
    """Create jobs by an adapter's measured command."""
    server_cpu = stage.server.cpu()
    result = stage.measured(command, n=n, **options)
    server_used = stage.server.cpu() - server_cpu
    measured: Measured = {
        "rate": n / result["seconds"],
        "client_us": result["cpu"] / n * 1e6,
        "server_us": server_used / n * 1e6,
    }
    if command == "bulk" and result["note"]:
        measured["note"] = result["note"]
    return measured


class Create(Workload):
    """Creating one by one, each job committed before the next is sent."""

    compared = "rate"
    figures = (RATE, *COSTS)
    yardsticks = frozenset({"bare", "own", "raw"})

    def __init__(self, clients: int) -> None:
        self.clients = clients
        self.name = f"create-{clients}"
        self.title = f"Create one by one, {clients} client{'s' if clients > 1 else ''}"
        self.explanation = (
            "Each job is created by a call of its own and committed when the call returns; no "
            "worker runs. Several clients are coroutines of one process."
        )
        self.best_only = clients > 1

    def seconds(self, contender: Contender, size: Size) -> float:
        return 2.5 + self._jobs(contender, size) / contender.creates

    def run(self, stage: Stage, size: Size) -> Measured:
        stage.clear()
        return create(stage, "create", self._jobs(stage.contender, size), clients=self.clients)

    def _jobs(self, contender: Contender, size: Size) -> int:
        return size.jobs(contender.creates, 2.0)


class Bulk(Workload):
    """Creating many at once by the best documented way."""

    name = "bulk"
    title = "Create in bulk"
    explanation = (
        "The peer's API for many jobs, by thousands where it has no way to take all; where it has "
        "no such API, single calls as fast as it takes them."
    )
    compared = "rate"
    figures = (RATE, *COSTS)
    best_only = True
    yardsticks = frozenset({"bare", "raw"})

    def takes(self, contender: Contender) -> bool:
        # Creating does not depend on how workers are set up.
        same = contender.config in {"default", "asyncio", "fetch"} and not contender.ours
        return super().takes(contender) and not same

    def seconds(self, contender: Contender, size: Size) -> float:
        return 2.5 + self._jobs(contender, size) / contender.bulks

    def run(self, stage: Stage, size: Size) -> Measured:
        stage.clear()
        return create(stage, "bulk", self._jobs(stage.contender, size))

    def _jobs(self, contender: Contender, size: Size) -> int:
        return size.jobs(contender.bulks, 2.0)


class BusyCreate(OurWorkload):
    """Creating by 16 clients while a worker has its hands full."""

    name = "create-busy"
    title = "Create by 16 clients beside a busy worker"
    explanation = (
        f"A worker with {_BUSY} handlers of {_SLOW * 1000:.0f} ms each never runs out of work, so "
        "nobody has to be woken. Beside `Jobs.create`: its statement sent by plain psycopg (own), "
        "and an INSERT … RETURNING of the same row (raw)."
    )
    figures = (
        RATE,
        Figure("own", "own statement jobs/s"),
        Figure("raw", "raw INSERT jobs/s"),
        Figure("over_raw", "over raw", 2),
    )
    rounds = 5

    def seconds(self, contender: Contender, size: Size) -> float:
        return 12 + 3 * size.jobs(contender.creates, 3.0) / contender.creates

    def run(self, stage: Stage, size: Size) -> Measured:
        n = size.jobs(stage.contender.creates, 3.0)
        stage.clear()
        stage.fill(_BACKLOG)
        stage.settle()
        measured: Measured = {}
        with stage.workers(concurrency=_BUSY, sleep=_SLOW) as crew:
            crew.wait_calls(_BUSY, 60)
            time.sleep(1)
            places = {"raw": stage.beside(RAW), "own": stage.beside(OWN), "rate": stage}
            for key, place in places.items():
                measured[key] = create(place, "create", n, clients=16)["rate"]
            crew.check()
        return {**measured, "over_raw": measured["rate"] / measured["raw"]}
