"""A real PostgreSQL for development: no set-up, no port, started on demand, shared, kept."""

from __future__ import annotations

from steve.database.embedded.finder import Binaries, available, find, of_machine
from steve.database.embedded.paths import default_home
from steve.database.embedded.server import EmbeddedServer, start, start_blocking

__all__ = [
    "Binaries",
    "EmbeddedServer",
    "available",
    "default_home",
    "find",
    "of_machine",
    "start",
    "start_blocking",
]
