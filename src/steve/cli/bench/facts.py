"""What a result depends on: the machine, the versions, and how safely the database writes."""

from __future__ import annotations

import os
import platform
from importlib.util import find_spec
from typing import TYPE_CHECKING

from steve.core.version import version

if TYPE_CHECKING:
    from steve.cli.bench.scratch import Scratch

_SETTINGS = (
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_level",
    "shared_buffers",
    "max_wal_size",
)


Facts = dict[str, str | int | float]


async def facts(scratch: Scratch) -> Facts:
    """Collect the facts. `load` is what the machine does besides, so ask before measuring."""
    rows = await scratch.rows(
        "select name, current_setting(name) from pg_settings where name = any(%s)",
        ["server_version", *_SETTINGS],
    )
    settings = {str(name): str(value) for name, value in rows}
    return {
        "steve": version(),
        "python": platform.python_version(),
        "event_loop": "uvloop" if find_spec("uvloop") else "asyncio",
        "platform": platform.platform(terse=True),
        "machine": platform.machine(),
        "cores": _cores(),
        "load": round(os.getloadavg()[0], 2),
        "postgresql": settings["server_version"],
        **{name: settings[name] for name in _SETTINGS if name in settings},
    }


def _cores() -> int:
    """Return the cores that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
