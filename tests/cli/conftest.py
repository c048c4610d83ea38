"""The command in a process of its own, against a real database."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Steve
from support.waiting import eventually


@pytest.fixture
def steve(tmp_path: Path, migrated_dsn: str) -> Steve:
    """The command, with a database in which the schema is installed."""
    return Steve(tmp_path, migrated_dsn)


@pytest.fixture
def fresh(tmp_path: Path, dsn: str) -> Steve:
    """The command, with an empty database."""
    return Steve(tmp_path, dsn)


@pytest.fixture
def worker(steve: Steve) -> Iterator[subprocess.Popen[str]]:
    """A worker of the module `app` that is registered."""
    with steve.running("worker", "app:jobs", "--concurrency", "4") as process:
        eventually(steve.live_workers, 20, what="a registered worker")
        yield process
