"""Fixtures of the tests that start servers of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from steve.database.embedded import find
from support.embedded_home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def programs(postgres_binaries: Path | None) -> Path:
    """The folder of the PostgreSQL programs that this run is about."""
    return find(only=postgres_binaries).directory


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home for a server of the test's own. Nothing runs there any more after the test."""
    home = Home(tmp_path / "home")
    yield home
    home.wait_until_down()
