"""What a run measures, in which order, and how long it will take."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bench.contender import Contender
from bench.ours import STEVE, YARDSTICKS
from bench.peers import CONTENDERS
from bench.workload import OurWorkload, Size, Workload
from bench.workloads import WORKLOADS

EVERYBODY = (*YARDSTICKS, *STEVE, *CONTENDERS)
QUICK_ROUNDS = 3
QUICK_BUDGET = 150.0
"""Seconds after which a quick run begins nothing new."""

FEWER_ROUNDS = 3
"""What is enough for configurations that are nobody's best."""

GROUPS = {
    "ours": [one for one in WORKLOADS if isinstance(one, OurWorkload)],
    "peers": [one for one in WORKLOADS if not isinstance(one, OurWorkload)],
}
"""Workloads that can be chosen together: those of steve alone, and those of everybody."""


class UnknownName(ValueError):
    """A name is neither that of a workload nor that of a peer."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement to be made."""

    workload: Workload
    contender: Contender
    round: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. Rounds of None leaves to each workload how often."""

    workloads: Sequence[Workload]
    contenders: Sequence[Contender]
    size: Size
    rounds: int | None = None

    def rounds_of(self, workload: Workload, contender: Contender | None = None) -> int:
        """How often a workload is measured, at most or of one contender."""
        if self.rounds is not None:
            return self.rounds
        if self.size.quick:
            return QUICK_ROUNDS if workload.name == "drain" else 1
        if contender is None or contender.best or contender.ours:
            return workload.rounds
        return min(FEWER_ROUNDS, workload.rounds)

    def takes(self, workload: Workload, contender: Contender) -> bool:
        """Whether a contender takes part in a workload, in this run."""
        if self.size.quick and not (contender.best or contender.ours):
            return False
        return workload.takes(contender)

    def cells(self) -> list[Cell]:
        """Everything in its order: of each workload round by round, so that A B A B result.

        A quick run does the first round of everything first, as its time may be over.
        """
        cells = list(self._cells())
        return sorted(cells, key=lambda cell: cell.round) if self.size.quick else cells

    def _cells(self) -> Iterator[Cell]:
        for workload in self.workloads:
            for number in range(1, self.rounds_of(workload) + 1):
                for contender in self.contenders:
                    if number > self.rounds_of(workload, contender):
                        continue
                    if self.takes(workload, contender) and not workload.reason(contender):
                        yield Cell(workload, contender, number)

    def expected(self, cell: Cell) -> float:
        """Seconds that a measurement is expected to take."""
        return cell.workload.seconds(cell.contender, self.size)


def plan(only: Collection[str] = (), *, quick: bool, scale: float, rounds: int | None) -> Plan:
    """Choose by names: workloads or groups of them, peers (`pgqueuer`), contenders
    (`pgqueuer/best`).

    The yardsticks take part in whatever has them. Raises UnknownName.
    """
    groups = {one.name for name in only for one in GROUPS.get(name, ())}
    workloads = [one for one in WORKLOADS if one.name in only or one.name in groups]
    chosen = [one for one in EVERYBODY if one.name in only or one.peer.name in only]
    known = {one.name for one in workloads} | set(GROUPS)
    known |= {name for one in chosen for name in (one.name, one.peer.name)}
    if unknown := [name for name in only if name not in known]:
        raise UnknownName(
            f"{unknown[0]!r} is neither a workload ({', '.join(one.name for one in WORKLOADS)}), "
            f"a group of them ({', '.join(GROUPS)}), "
            f"nor a peer ({', '.join(dict.fromkeys(one.peer.name for one in EVERYBODY))})"
        )
    if chosen:
        chosen = [one for one in EVERYBODY if one in chosen or one.yardstick]
    return Plan(
        workloads or [one for one in WORKLOADS if one.quick or not quick],
        chosen or EVERYBODY,
        Size(scale, quick),
        rounds,
    )
