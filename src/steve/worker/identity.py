"""Who this worker is, in its own words."""

from __future__ import annotations

import os
import socket

from steve.core.settings import Settings
from steve.core.version import version
from steve.operations.worker import Registration


def worker_name() -> str:
    """Return a name for people. Ids are given by the database: names may repeat."""
    return f"{socket.gethostname()}:{os.getpid()}"


def introduce(
    settings: Settings, channel: str, types: list[str] | None, concurrency: int
) -> Registration:
    """Say what a worker's row is to hold."""
    return Registration(
        name=worker_name(),
        host=socket.gethostname(),
        pid=os.getpid(),
        version=version(),
        channel=channel,
        queues=list(settings.queues),
        types=types,
        concurrency=concurrency,
        lease=settings.lease,
    )
