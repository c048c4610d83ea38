"""Fixtures of the tests of failover and poolers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storm.__main__ import folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's user can reach."""
    with folder(keep=False) as place:
        yield place
