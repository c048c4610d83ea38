"""How soon work goes on after a promotion."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storm.ledger import Line

SOON = 10.0
"""Seconds after a promotion within which everybody has to be at work again."""

_SIGNS = {"start": "worker", "created": "producer"}


def everybody_went_on(lines: Sequence[Line], promotions: Sequence[float]) -> None:
    """Hold each promotion but the last, after which the storm ends, against `SOON`."""
    *promoted, _ = promotions
    assert promoted
    for moment in promoted:
        found = resumptions(lines, moment)
        assert len(found) >= 3
        assert {name: wait for name, wait in found.items() if wait > SOON} == {}


def resumptions(lines: Sequence[Line], promoted: float) -> dict[str, float]:
    """For each process that was at work before, and was not ended soon after: the seconds until it
    began a job, or had one created."""
    dead = {line.pid: line.at for line in lines if line.what == "dead"}
    known = {
        (line.pid, line.what): f"{_SIGNS[line.what]} {line.pid}"
        for line in lines
        if line.what in _SIGNS
        and line.at < promoted
        and dead.get(line.pid, promoted + SOON) >= promoted + SOON
    }
    again: dict[str, float] = {}
    for line in lines:
        name = known.get((line.pid, line.what))
        if name is not None and line.at > promoted:
            again.setdefault(name, line.at - promoted)
    return {name: again.get(name, float("inf")) for name in known.values()}
