"""What the original library does, test by test, and what this one does in its place.

The fixtures are those of the manager's own tests, but all files share one database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integration.jobs.conftest import Connection, Make, connection, jobs, make
from original.program import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Databases

__all__ = ["Connection", "Make", "connection", "jobs", "make", "shared_dsn", "start"]


@pytest.fixture(scope="session")
def shared_dsn(databases: Databases, migrated_template: str) -> Iterator[str]:
    """A database for all these tests, one after the other; each begins with empty tables."""
    with databases.temporary(migrated_template) as dsn:
        yield dsn
