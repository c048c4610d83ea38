"""A minute of storm with all faults that need nothing but processes and a proxy."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from storm.__main__ import folder
from storm.driver import LEASE, Plan, Storm
from storm.executions import recoveries
from storm.faults import EVERYWHERE
from storm.faults.processes import KillWorker


@pytest.fixture
def place() -> Iterator[Path]:
    with folder(keep=False) as place:
        yield place


@pytest.mark.timeout(300)
async def test_a_minute_of_storm(place: Path, postgres_binaries: Path | None) -> None:
    """Nothing is lost, doubled or left behind, and every fault has struck."""
    seed = int(os.environ.get("STEVE_STORM_SEED", "1"))
    console = Console(file=sys.stdout, soft_wrap=True, width=120)
    plan = Plan(40.0, seed, EVERYWHERE, binaries=postgres_binaries, say=console.print)
    verdict = await Storm(plan, place).run()
    verdict.show(console)
    assert list(verdict.findings()) == []
    assert verdict.missing == {}
    assert len(verdict.history.finals) > 500


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
    assert max(taken) <= LEASE + 2.0
