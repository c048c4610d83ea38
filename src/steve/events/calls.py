"""Calling functions that users have registered, so that nothing they do hurts us."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from copy import copy
from typing import Any
from uuid import UUID

from steve.core.errors import OptionTypeError
from steve.core.job import Job
from steve.core.text import safe_repr

Callback = Callable[[Job], object]
"""A plain function or a coroutine function that takes the job; what it returns is ignored."""

logger = logging.getLogger("steve.events")

_following: ContextVar[asyncio.Task[Any] | None] = ContextVar("steve_following", default=None)
"""The task within which a callback runs, and whatever it starts."""

_Step = Sequence[tuple[Callback, Job]]


class Calls:
    """Calls plain functions at once and coroutine functions in tasks.

    What is called for one job is called in the order of the calls here: while a coroutine function
    is still busy with a job's last event, its next one waits.
    """

    def __init__(self) -> None:
        self._chains: dict[UUID, deque[_Step]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def call(self, callbacks: Iterable[Callback], job: Job) -> None:
        """Call each with a copy of `job` of its own, which stays as it is now. On the loop only."""
        step = [(callback, snapshot(job)) for callback in callbacks]
        chain = self._chains.get(job.uid)
        if chain is not None:
            chain.append(step)
            return
        slow = _begin(step)
        if slow:
            self._chains[job.uid] = deque()
            task = asyncio.get_running_loop().create_task(self._follow(job.uid, slow))
            # The loop itself keeps a weak reference only.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Wait until everything called so far has ended, except for who is asking."""
        while others := self._tasks - {_following.get()}:
            await asyncio.wait(others)

    async def _follow(self, uid: UUID, slow: list[Awaitable[None]]) -> None:
        """Wait for the coroutines of one event, then go on with the job's next ones."""
        chain = self._chains[uid]
        _following.set(asyncio.current_task())
        try:
            while True:
                await asyncio.gather(*slow)
                slow = []
                while chain and not slow:
                    slow = _begin(chain.popleft())
                if not slow:
                    return
        finally:
            del self._chains[uid]


def check_callback(callback: object) -> None:
    """Raise `OptionTypeError` unless `callback` can be called with a job."""
    if not callable(callback):
        raise OptionTypeError(f"a callback must be a function, not {safe_repr(callback)}")
    try:
        inspect.signature(callback).bind(None)
    except ValueError:
        return
    except TypeError as error:
        raise OptionTypeError(
            f"a callback must take one argument, the job: {safe_repr(callback)} does not ({error})"
        ) from None


def snapshot(job: Job) -> Job:
    """Return a copy that later changes of `job` do not reach."""
    seen = copy(job)
    seen.progress = copy(job.progress)
    return seen


def _begin(step: _Step) -> list[Awaitable[None]]:
    """Call the functions of one event; return what is to be awaited of it."""
    slow: list[Awaitable[None]] = []
    for callback, job in step:
        try:
            answer: Any = callback(job)
        except KeyboardInterrupt:
            raise
        except BaseException:  # SystemExit too: a callback must not end a worker
            _complain(callback, job)
            continue
        if answer is not None and inspect.isawaitable(answer):
            slow.append(_finish(callback, job, answer))
    return slow


async def _finish(callback: Callback, job: Job, answer: Awaitable[Any]) -> None:
    try:
        await answer
    except KeyboardInterrupt:
        raise
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        _complain(callback, job)
    except BaseException:
        _complain(callback, job)


def _complain(callback: Callback, job: Job) -> None:
    logger.exception(
        "callback %s failed for job %s (%s, %s)",
        safe_repr(callback), job.uid, job.type, job.status,
    )  # fmt: skip
