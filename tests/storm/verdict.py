"""What a storm has shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from storm.executions import recoveries
from storm.faults import Fault
from storm.history import History

MOST_LINES = 10.0
"""Log lines per second that one process may write, whatever happens."""

MOST_CONNECTIONS = 15.0
"""Of a worker without work: five of its own, and the pool for transactions."""

MOST_MEMORY = 300 << 20
MOST_THREADS = 40
MOST_TASKS = 40
MOST_FILES = 60
_SHOWN = 10


@dataclass
class Traces:
    """What workers held when all was over: the most of any one, and per worker on average."""

    connections: float
    threads: int
    tasks: int
    files: int
    memory: int
    lines: float
    connections_left: int = 0
    """After they had stopped."""

    def findings(self) -> Iterator[str]:
        """What is too much."""
        if self.connections > MOST_CONNECTIONS:
            yield f"{self.connections:g} connections a worker"
        if self.threads > MOST_THREADS:
            yield f"{self.threads} threads in a worker"
        if self.tasks > MOST_TASKS:
            yield f"{self.tasks} tasks in a worker"
        if self.files > MOST_FILES:
            yield f"{self.files} open files in a worker"
        if self.memory > MOST_MEMORY:
            yield f"{self.memory >> 20} MB in a worker"
        if self.lines > MOST_LINES:
            yield f"{self.lines:.1f} log lines per second in one process"
        if self.connections_left:
            yield f"{self.connections_left} connections after everybody had stopped"


@dataclass
class Verdict:
    """The outcome of one storm."""

    seed: int
    postgres: str
    faults: Sequence[Fault]
    missing: dict[str, str]
    """Faults that this machine cannot inject, with the reason. They count for nothing."""
    violations: dict[str, list[str]]
    surprises: list[str]
    left: int
    traces: Traces
    history: History

    @property
    def idle_faults(self) -> list[str]:
        """Faults that never struck: what they would have shown is not shown."""
        return [fault.name for fault in self.faults if not fault.struck]

    @property
    def clean(self) -> bool:
        """Nothing was found, and every fault has struck."""
        return not any(self.findings())

    def findings(self) -> Iterator[str]:
        """All that is wrong, in words."""
        for rule, lines in self.violations.items():
            yield from (f"{rule}: {line}" for line in lines[:_SHOWN])
            if len(lines) > _SHOWN:
                yield f"{rule}: and {len(lines) - _SHOWN} more"
        yield from self.surprises
        if self.left:
            yield f"{self.left} jobs were not over in time"
        yield from self.traces.findings()
        yield from (f"the fault never struck: {name}" for name in self.idle_faults)

    def show(self, console: Console) -> None:
        """Print it."""
        table = Table("fault", "struck", "tried", title=f"Storm {self.seed}", title_justify="left")
        for fault in self.faults:
            table.add_row(fault.name, str(fault.struck), str(fault.tried))
        for name, reason in self.missing.items():
            table.add_row(name, "not injected", reason)
        console.print(table)
        statuses = Counter(job.status for job in self.history.finals)
        lines = Counter(line.what for line in self.history.lines)
        claims = sum(job.attempts for job in self.history.finals)
        lost = sum(job.crashes for job in self.history.finals)
        console.print(
            f"{len(self.history.finals)} jobs: "
            + ", ".join(f"{number} {status}" for status, number in statuses.most_common())
            + f"; {lines['created']} creates acknowledged, {lines['doomed']} rolled back,"
            f" {lines['refused']} calls refused; {claims} claims, {lost} of them lost with a"
            f" worker; {len(self.history.events)} changes on record"
        )
        console.print(
            f"at the end a worker has {self.traces.connections:.1f} connections,"
            f" {self.traces.threads} threads, {self.traces.tasks} tasks, {self.traces.files} files,"
            f" {self.traces.memory >> 20} MB; at most"
            f" {self.traces.lines:.1f} log lines per second"
        )
        if taken := recoveries(self.history.lines):
            console.print(
                f"{len(taken)} jobs of dead workers ran elsewhere after {median(taken):.2f} s"
                f" (median), {max(taken):.2f} s at most"
            )
        for finding in self.findings():
            console.print(finding, style="red", markup=False)
        unseen = f", as far as could be seen: {len(self.missing)} faults were not injected"
        word = "clean" if self.clean else "NOT CLEAN"
        console.print(word + (unseen if self.missing else ""), style="bold")
