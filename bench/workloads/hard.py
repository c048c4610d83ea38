"""The same drain made hard, in each way and in all of them at once."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from bench.contender import Contender
from bench.stage import Stage
from bench.workload import Figure, Measured, OurWorkload, Size
from bench.workloads.draining import drain, jobs_for

FOREIGN = 150_000
"""Ready jobs of a type that the draining worker does not handle, in front of the others."""

CALLERS = 16
"""Callers that create jobs in transactions which stay open for 0 to 200 ms."""

SIMPLE: dict[str, Any] = {}

VARIANTS: dict[str, dict[str, Any]] = {
    "simple": SIMPLE,
    "types": {"types": True},
    "priorities": {"priorities": True},
    "queues": {"queues": 3},
    "failing": {"failing": True},
    "foreign": {"foreign": True},
    "others": {"foreign": True, "others": True},
    "transactions": {"transactions": True},
    "all": {
        "types": True,
        "priorities": True,
        "queues": 3,
        "failing": True,
        "foreign": True,
        "transactions": True,
    },
}

HEADINGS = {
    "simple": "simple",
    "types": "20 types",
    "priorities": "5 priorities",
    "queues": "3 queues",
    "failing": "5 % failing",
    "foreign": "150,000 of a type nobody handles",
    "others": "150,000 of a type only others handle",
    "transactions": "callers' transactions",
    "all": "all at once",
}

_SETTINGS = ("types", "priorities", "queues", "failing")


class Hard(OurWorkload):
    """Every way after the simple drain, in each round."""

    name = "hard"
    title = "Drain made hard"
    explanation = (
        "Jobs of 20 types, 5 priorities, 3 queues; 5 % that fail for good; 150,000 ready jobs of "
        "another type in front, which no live worker handles, or only one that is busy; callers "
        "that create jobs in transactions open for 0 to 200 ms. Rates over the simple drain of "
        "the same round."
    )
    figures = (
        Figure("simple", "simple jobs/s"),
        *(Figure(key, HEADINGS[key]) for key in VARIANTS if key != "simple"),
        *(Figure(f"{key}_ratio", f"{HEADINGS[key]}, ratio", 2) for key in VARIANTS
          if key != "simple"),
    )  # fmt: skip
    rounds = 5

    def takes(self, contender: Contender) -> bool:
        return contender.ours

    def seconds(self, contender: Contender, size: Size) -> float:
        n = jobs_for(contender, size)
        once = 3 + contender.start + n / contender.drains + n / contender.bulks
        return len(VARIANTS) * once + 3 * size.rows(FOREIGN) / contender.bulks

    def run(self, stage: Stage, size: Size) -> Measured:
        n = jobs_for(stage.contender, size)
        rates: Measured = {}
        cuts: list[str] = []
        for key, variant in VARIANTS.items():
            drained = self._drain(stage, n, variant, size)
            rates[key] = drained["rate"]
            if "cut" in drained:
                cuts.append(f"{key}: {drained['cut']}")
        ratios = {
            f"{key}_ratio": rate / rates["simple"] for key, rate in rates.items() if key != "simple"
        }
        return {**rates, **ratios, "jobs": n, **({"cut": "; ".join(cuts)} if cuts else {})}

    def _drain(self, stage: Stage, n: int, variant: dict[str, Any], size: Size) -> Measured:
        settings = {key: variant[key] for key in _SETTINGS if key in variant}
        stage.clear()
        if "foreign" in variant:
            stage.fill(0, foreign=size.rows(FOREIGN), **settings)
        stage.fill(n, **settings)
        stage.settle()
        with ExitStack() as stack:
            if "others" in variant:
                self._keep_busy(stage, stack)
            if "transactions" in variant:
                stack.enter_context(stage.process("hold", clients=CALLERS, **settings)).event(
                    "ready"
                )
            return drain(stage, n, **settings)

    def _keep_busy(self, stage: Stage, stack: ExitStack) -> None:
        """Have a worker that handles the other type, but has its hands full."""
        crew = stack.enter_context(stage.workers(only="foreign", sleep=3600, concurrency=1))
        crew.wait_calls(1, 60)
