"""What the original library does, test by test, and what this one does in its place.

The fixtures are those of the manager's own tests: a database per file, emptied for each test.
"""

from __future__ import annotations

from integration.jobs.conftest import Connection, Make, connection, jobs, make, shared_dsn
from original.program import start

__all__ = ["Connection", "Make", "connection", "jobs", "make", "shared_dsn", "start"]
