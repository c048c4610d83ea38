"""A primary that is killed under load, and its standby that takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from failover.resumption import everybody_went_on
from storm.driver import Plan, Storm
from storm.pair import Failover, Pair

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.failover, pytest.mark.timeout(240)]


@pytest.mark.parametrize("seed", [1, 2])
async def test_everybody_finds_the_new_primary(
    place: Path, postgres_binaries: Path | None, seed: int
) -> None:
    """There and back, without a word from anybody, and nothing is lost or done twice."""
    storm = Storm(Plan(25.0, seed, (Failover,), binaries=postgres_binaries, server=Pair), place)
    verdict = await storm.run()
    assert list(verdict.findings()) == []
    assert isinstance(storm.server, Pair)
    everybody_went_on(verdict.history.lines, storm.server.promoted)
