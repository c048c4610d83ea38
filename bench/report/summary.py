"""Figures of several rounds, and ratios between contenders within a round."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.records import Record, Run


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)

    def text(self, digits: int = 0) -> str:
        """The median, with the lowest and the highest where there are several."""
        middle = f"{self.median:,.{digits}f}"
        if len(self.values) == 1:
            return middle
        return f"{middle} ({min(self.values):,.{digits}f}–{max(self.values):,.{digits}f})"


def ratio_text(ratio: Spread) -> str:
    """A ratio, with as many digits as mean something."""
    size = abs(ratio.median)
    return ratio.text(0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 4)


class Summary:
    """Looks into a run's records."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._records: dict[tuple[str, str], list[Record]] = {}
        for record in run.records:
            self._records.setdefault((record.workload, record.contender), []).append(record)

    def records(self, workload: str, contender: str) -> list[Record]:
        """What was measured of a contender, in the order of the rounds."""
        return self._records.get((workload, contender), [])

    def contenders(self, workload: str) -> list[str]:
        """Who has been measured, in the order of the participants."""
        return [name for name in self.run.participants if (workload, name) in self._records]

    def spread(self, workload: str, contender: str, figure: str) -> Spread | None:
        """A figure over the rounds, or None where it is not known."""
        return _spread(
            record.figures[figure]
            for record in self.records(workload, contender)
            if figure in record.figures
        )

    def ratio(self, workload: str, figure: str, one: str, other: str) -> Spread | None:
        """One contender's figure over another's, of the same round each."""
        return self.ratio_of((workload, one, figure), (workload, other, figure))

    def ratio_of(self, one: tuple[str, str, str], other: tuple[str, str, str]) -> Spread | None:
        """A figure over another, of the same run and round; both as (workload, contender, key)."""
        below = self._by_round(*other)
        return _spread(
            value / below[number]
            for number, value in self._by_round(*one).items()
            if below.get(number)
        )

    def remarks(self, workload: str, contender: str) -> list[str]:
        """What is to be said about the figures: cut off, no bulk API, failures."""
        said: dict[str, None] = {}
        for record in self.records(workload, contender):
            for key in ("cut", "note"):
                if key in record.figures:
                    said[record.figures[key]] = None
            if record.error:
                said[f"round {record.round} failed: {record.error}"] = None
        return list(said)

    def noise(self, workload: str, contender: str) -> float:
        """The most cores that programs other than ours have kept busy in a round."""
        return max((record.noise for record in self.records(workload, contender)), default=0.0)

    def curve(self, workload: str, contender: str) -> list[tuple[float, float]]:
        """The curve of the last round that has one."""
        for record in reversed(self.records(workload, contender)):
            if curve := record.figures.get("curve"):
                return [(x, y) for x, y in curve]
        return []

    def _by_round(self, workload: str, contender: str, figure: str) -> dict[tuple[int, int], float]:
        return {
            (record.run, record.round): record.figures[figure]
            for record in self.records(workload, contender)
            if figure in record.figures
        }


def _spread(values: Iterable[Any]) -> Spread | None:
    found = tuple(float(value) for value in values)
    return Spread(found) if found else None
