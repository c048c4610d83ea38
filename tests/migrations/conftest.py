"""The steve whose schema was the first to land, beside the one of today.

`first_landed.zip` is `git archive --format=zip -9 1266e24 src/steve`: the last commit that had
migrations 1 to 3 and no more. It is run as it is, in processes of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.examining import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Databases

HERE = Path(__file__).parent
TESTS = HERE.parent
TODAY = TESTS.parent / "src"


class Package(NamedTuple):
    """A steve that is run in processes of its own."""

    source: Path

    def environment(self, dsn: str, **more: str) -> dict[str, str]:
        paths = os.pathsep.join([str(self.source), str(HERE)])
        return {**os.environ, "PYTHONPATH": paths, "STEVE_DATABASE_URL": dsn, **more}

    def run(self, dsn: str, *arguments: str) -> str:
        """Run a command to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "steve", *arguments],
            env=self.environment(dsn), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def first_landed(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The package of the first schema."""
    folder = tmp_path_factory.mktemp("first_landed")
    with zipfile.ZipFile(HERE / "first_landed.zip") as archive:
        archive.extractall(folder)
    return Package(folder / "src")


@pytest.fixture(scope="session")
def today() -> Package:
    """The package of this working tree."""
    return Package(TODAY)


@pytest.fixture(scope="session")
def first_template(databases: Databases, first_landed: Package) -> Iterator[str]:
    """The name of a database with the first schema. Only to be copied."""
    name = databases.create()
    first_landed.run(databases.dsn(name), "migrate")
    assert sql(databases.dsn(name), "select max(version) from steve.migration") == [(3,)]
    yield name
    databases.drop(name)


@pytest.fixture
def first_dsn(databases: Databases, first_template: str) -> Iterator[str]:
    """A database of this test's own, with the first schema."""
    with databases.temporary(first_template) as dsn:
        yield dsn
