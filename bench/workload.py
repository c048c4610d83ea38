"""What a workload is: something that is measured of every contender that takes part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.contender import Contender

if TYPE_CHECKING:
    from bench.stage import Stage

Measured = dict[str, Any]
"""Figures by their key; lists are curves, and text is a remark."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: `scale` multiplies the jobs, `quick` is for a first look."""

    scale: float = 1.0
    quick: bool = False

    def jobs(self, rate: float, seconds: float, most: int = 100_000) -> int:
        """How many jobs take about so many seconds at a rate."""
        if self.quick:
            seconds, most = seconds / 5, most // 5
        return max(4, int(min(rate * seconds, most) * self.scale))

    def rows(self, count: int) -> int:
        """How many rows make a table large."""
        return max(1000, int(count * self.scale))


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a workload finds, and how it is shown."""

    key: str
    heading: str
    digits: int = 0
    less_is_better: bool = False


class Workload(ABC):
    """Something to measure. It is run once per round and contender.

    `compared` is the figure whose ratios are shown, `rounds` how often it is measured unless told
    otherwise, `statements` whether the server has to count statements.
    """

    name: str
    title: str
    explanation: str
    figures: Sequence[Figure]
    compared: str = ""
    rounds: int = 3
    statements: bool = False
    best_only: bool = False
    """Whether only the best configuration of each peer takes part (and both of steve)."""
    quick: bool = False
    """Whether it is part of a quick run, of the best configurations."""
    yardsticks: frozenset[str] = frozenset()
    """The yardsticks that take part."""

    def takes(self, contender: Contender) -> bool:
        """Whether a contender takes part at all."""
        if contender.yardstick:
            return contender.peer.name in self.yardsticks
        return contender.best or contender.ours or not self.best_only

    def reason(self, contender: Contender) -> str:
        """Why one that takes part cannot do this; empty when it can."""
        return contender.peer.lacks.get(self.name, "")

    @abstractmethod
    def seconds(self, contender: Contender, size: Size) -> float:
        """About how long one round takes."""

    @abstractmethod
    def run(self, stage: Stage, size: Size) -> Measured:
        """Measure. Raises whatever goes wrong."""

    def finish(self, stage: Stage) -> None:  # noqa: B027 - most have nothing to put away
        """Put away what was kept between rounds."""


class OurWorkload(Workload):
    """Something that is measured of steve alone, in its tuned configuration."""

    def takes(self, contender: Contender) -> bool:
        return contender.ours and contender.best
