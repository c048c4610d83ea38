"""The end of a task of ours."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN = 5.0
"""Seconds after which a task that goes on is cancelled once more."""


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait for its end, however it ends.

    A pool that has a connection ready at the moment of the cancellation hands it over instead of
    raising: the task goes on as if nothing had been said.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN)
    if not task.cancelled():
        task.exception()
