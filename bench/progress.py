"""Telling people how far a run is, and how much is left."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from bench.plan import Cell, Plan
from bench.records import Record

if TYPE_CHECKING:
    from typing import Self


class Report:
    """A bar with an estimate where there is a terminal, else a line per measurement."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._left = plan.cells()
        self._expected = sum(plan.expected(cell) for cell in self._left)
        self._spent = 0.0
        self._believed = 0.0
        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.fields[now]}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[estimate]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID = self._bar.add_task(
            "", total=len(self._left), now="", estimate=self._estimate()
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """Say something beside the bar."""
        self._bar.console.print(text, markup=False, soft_wrap=True)

    def begin(self, cell: Cell) -> None:
        """Say what is being measured now."""
        self._bar.update(self._task, now=f"{cell.workload.name} {cell.contender.name}")

    def end(self, cell: Cell, record: Record) -> None:
        """Say what was found."""
        expected = self._plan.expected(cell)
        self._expected -= expected
        self._spent += record.seconds
        self._believed += expected
        self._left.remove(cell)
        self._bar.update(self._task, advance=1, estimate=self._estimate())
        done = int(self._bar.tasks[0].total or 0) - len(self._left)
        self.say(
            f"[{done}/{self._bar.tasks[0].total}] {cell.workload.name} {cell.contender.name} "
            f"({cell.round}): {_found(cell, record)}; {self._estimate()}"
        )

    def skip(self, cell: Cell) -> None:
        """A measurement will not be made."""
        self._expected -= self._plan.expected(cell)
        self._left.remove(cell)
        self._bar.update(self._task, advance=1, estimate=self._estimate())

    def _estimate(self) -> str:
        """Say what is left, corrected by how wrong the expectations have been so far."""
        wrong = self._spent / self._believed if self._believed > 20 else 1.0
        left = self._expected * min(max(wrong, 0.3), 5.0)
        if left > 90:
            return f"about {left / 60:.0f} min left"
        return f"about {max(left, 0):.0f} s left"


def _found(cell: Cell, record: Record) -> str:
    if record.error:
        return f"failed: {record.error}"
    parts: list[str] = []
    for figure in cell.workload.figures[:3]:
        value = record.figures.get(figure.key)
        if value is not None:
            parts.append(f"{value:,.{figure.digits}f} {figure.heading}")
    parts += [record.figures[key] for key in ("cut",) if key in record.figures]
    if record.noise > 0.2:
        parts.append(f"others used {record.noise:.1f} cores")
    return ", ".join(parts)
