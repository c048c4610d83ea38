"""Small matters of tasks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


async def undisturbed(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` to its end, whoever cancels the caller meanwhile: it must not be cut short."""
    task = asyncio.ensure_future(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.done():
                return task.result()


def start_task(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]
) -> asyncio.Task[None]:
    """Start a task; where Python can, at once, so that work without a pause needs no loop turn."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    return loop.create_task(work)


class _Done:
    """What a `def` handler gets where an `async def` one awaits: it is done already."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


DONE = _Done()
