"""What was measured, as JSON lines: one file per run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

FILE = "records.jsonl"


@dataclass(frozen=True, slots=True)
class Record:
    """One measurement: a workload, a contender, a round.

    `figures` has numbers, curves and remarks by their key; `error` says why there are none.
    `noise` is the processor cores that programs other than ours have kept busy meanwhile, `run`
    tells runs apart where one was put together out of several.
    """

    workload: str
    contender: str
    round: int
    figures: dict[str, Any]
    error: str = ""
    seconds: float = 0.0
    noise: float = 0.0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A run: what it ran on, who took part, and what it found."""

    facts: dict[str, Any]
    participants: dict[str, dict[str, str]]
    """By the contender's name: version, settings, what it keeps, and why it did not take part."""
    records: list[Record]


class Journal:
    """Writes a run down while it goes on, so that nothing is lost when it is broken off."""

    def __init__(
        self, folder: Path, facts: dict[str, Any], participants: dict[str, dict[str, str]]
    ) -> None:
        self.path = folder / FILE
        self.run = Run(facts, participants, [])
        with self.path.open("w") as file:
            file.write(_line({"facts": facts, "participants": participants}))

    def add(self, record: Record) -> None:
        """Write a record."""
        self.run.records.append(record)
        with self.path.open("a") as file:
            file.write(
                _line({name: getattr(record, name) for name in Record.__slots__})  # pyright: ignore
            )


def read(path: Path) -> Run:
    """Read the run of a folder or a file. Raises ValueError when it is none."""
    path = path / FILE if path.is_dir() else path
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    if not lines or "facts" not in lines[0]:
        raise ValueError(f"{path} does not begin with the facts of a run")
    records = [Record(**cast("dict[str, Any]", line)) for line in lines[1:]]
    return Run(lines[0]["facts"], lines[0]["participants"], records)


def merged(runs: Iterable[Run]) -> Run:
    """One run out of several: of each workload the records of the last run that measured it.

    Ratios are between measurements of one run only. The facts are those of the last run.
    """
    chosen: dict[str, list[Record]] = {}
    participants: dict[str, dict[str, str]] = {}
    facts: dict[str, Any] = {}
    numbers: dict[tuple[int, int], int] = {}
    for place, run in enumerate(runs):
        by_workload: dict[str, list[Record]] = {}
        for record in run.records:
            # What was put together before stays apart.
            number = numbers.setdefault((place, record.run), len(numbers) + 1)
            by_workload.setdefault(record.workload, []).append(replace(record, run=number))
        chosen.update(by_workload)
        participants.update(run.participants)
        facts = run.facts
    return Run(facts, participants, [record for records in chosen.values() for record in records])


def _line(value: Any) -> str:
    return json.dumps(_rounded(value), ensure_ascii=False) + "\n"


def _rounded(value: Any) -> Any:
    """Leave out digits that mean nothing."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in cast("list[Any]", value)]
    return value
