"""Threads for `def` handlers.

The standard pool joins its threads when the interpreter exits, so that one stuck handler would
keep a stopped worker alive for ever. These are daemons.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from typing import Any

_Work = tuple[
    asyncio.AbstractEventLoop, "asyncio.Future[Any]", contextvars.Context, Callable[[], Any]
]


class Threads:
    """Runs calls in threads, at most as many at once as calls are handed over.

    The caller bounds the number of calls; a thread is made whenever none is idle, and kept.
    """

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._count = 0

    async def call(self, function: Callable[[], Any]) -> Any:
        """Run `function` in a thread, within a copy of the current context.

        A cancellation of the caller waits for the function all the same: a thread cannot be
        stopped, and whatever depends on it must know when it has ended.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        context = contextvars.copy_context()
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            else:
                self._count += 1
                threading.Thread(
                    target=self._serve, name=f"steve handler {self._count}", daemon=True
                ).start()
        self._work.put((loop, done, context, function))
        while True:
            try:
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                if done.done():
                    return done.result()

    def close(self) -> None:
        """Let idle threads end; busy ones end after their call."""
        with self._lock:
            for _ in range(self._count):
                self._work.put(None)
            self._count = self._idle = 0

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            loop, done, context, function = work
            try:
                result, error = context.run(function), None
            except BaseException as raised:
                result, error = None, raised
            with self._lock:
                self._idle += 1
            try:
                loop.call_soon_threadsafe(_settle, done, result, error)
            except RuntimeError:
                # The loop is closed: nobody waits any more.
                return
            del work, result, error, done, function, context


def _settle(done: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    elif isinstance(error, StopIteration):
        # A future refuses it: raised into a coroutine, it would end that silently.
        done.set_exception(RuntimeError(f"the handler raised {error!r}"))
    else:
        done.set_exception(error)
