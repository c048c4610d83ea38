"""The job of the chancy adapter: chancy imports it by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chancy import job

hit: Callable[[dict[str, Any]], None] = print


@job(queue="default")
async def noop(**payload: Any) -> None:
    """Do nothing, but be counted."""
    hit(payload)
