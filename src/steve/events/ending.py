"""The end of a task of ours."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN = 5.0
"""Seconds after which a task that goes on is cancelled once more."""


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait for its end, however it ends.

    Up to Python 3.11 `asyncio.wait_for`, which connections and pools wait with, returns what came
    at the very moment of a cancellation instead of raising, and the task goes on.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN)
    if not task.cancelled():
        task.exception()
