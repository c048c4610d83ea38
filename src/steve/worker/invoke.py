"""Calling a handler where it belongs: `async def` on the loop, `def` in a thread."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

from steve.core.job import Job
from steve.core.registry import Handler
from steve.worker.threads import Threads

T = TypeVar("T")


async def invoke(handler: Handler, job: Job, threads: Threads) -> Any:
    """Call `handler` with `job` and return what it returns. Raises what it raises."""
    if handler.kind == "async":
        result = handler.function(job)
    else:
        result = await threads.call(partial(handler.function, job))
    return await result if inspect.isawaitable(result) else result


async def undisturbed(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` to its end, whoever cancels the caller meanwhile: it must not be cut short."""
    task = asyncio.ensure_future(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.done():
                return task.result()


def start_task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start a task; where Python can, at once, so that work without a pause needs no loop turn."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)
    return asyncio.get_running_loop().create_task(work)


class _Done:
    """What a `def` handler gets where an `async def` one awaits: it is done already."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


DONE = _Done()
