"""Short storms: one of kills alone, and one of all that needs only processes and a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from storm.__main__ import folder
from storm.driver import LEASE, Plan, Storm
from storm.executions import recoveries
from storm.faults import EVERYWHERE
from storm.faults.processes import KillWorker


@pytest.fixture
def place() -> Iterator[Path]:
    with folder(keep=False) as place:
        yield place


@pytest.mark.timeout(120)
async def test_jobs_of_killed_workers_run_elsewhere_in_time(
    place: Path, postgres_binaries: Path | None
) -> None:
    """Within the lease and two seconds, where nothing else goes wrong."""
    plan = Plan(10.0, 1, (KillWorker,), binaries=postgres_binaries)
    verdict = await Storm(plan, place).run()
    taken = recoveries(verdict.history.lines)
    assert list(verdict.findings()) == []
    assert len(taken) >= 3
    # The median: on a busy machine a single one may find all slots taken.
    assert median(taken) <= LEASE + 2.0


@pytest.mark.timeout(300)
async def test_a_minute_of_storm(place: Path) -> None:
    """Nothing is lost, doubled or left behind, and each fault has struck."""
    verdict = await Storm(Plan(60.0, 2, EVERYWHERE), place).run()
    assert list(verdict.findings()) == []
