"""What happens around the call of a handler: before it, where it runs, and what its end means."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from inspect import isawaitable
from time import monotonic
from types import CoroutineType
from typing import Any, TypeGuard

from steve.core.codec import encode_result
from steve.core.context import current_job
from steve.core.errors import PayloadError
from steve.core.outcome import Complete, Failed, Failure, Outcome, Released
from steve.core.registry import Handler, Registry
from steve.events.callbacks import Callbacks
from steve.telemetry.catalogue import AttemptStarted, ResultReplaced
from steve.telemetry.telemetry import Telemetry
from steve.worker.run import NotBegun, Run
from steve.worker.threads import Threads


class Handling:
    """The handlers of a worker, and the threads of those that are no coroutines.

    `overdue` says, in any thread, whether the lease has run out.
    """

    def __init__(
        self,
        registry: Registry,
        callbacks: Callbacks,
        telemetry: Telemetry,
        *,
        max_result: int,
        overdue: Callable[[], bool],
    ) -> None:
        self._registry = registry
        self._callbacks = callbacks
        self._telemetry = telemetry
        self._max_result = max_result
        self._overdue = overdue
        self._threads = Threads()

    def close(self) -> None:
        """Let the threads of `def` handlers end."""
        self._threads.close()

    def begin(self, run: Run) -> None:
        """Lend the job what its handler may use, start its time, and tell those concerned."""
        job = run.job
        current_job.set(job)
        job.bind(run)
        run.started_at = monotonic()
        if job.attempts == 1 and job.started_at is not None:
            job.started_at += timedelta(0, 0, round(run.wait * 1e6))
        if job.timeout is not None:
            loop = asyncio.get_running_loop()
            run.timer = loop.call_later(job.timeout, run.tell, "timeout")
        if self._telemetry.wants(AttemptStarted):
            self._telemetry.emit(AttemptStarted(job))
        if self._callbacks.active:
            self._callbacks.attempt_started(job)

    def admit(self, run: Run) -> Handler | Outcome:
        """Find the handler to call; an outcome where there is nothing to be called."""
        job = run.job
        if run.told_at is not None:
            return run.decide(None)
        handler = self._registry.resolve(job.type)
        if handler is None:
            # Removed since the claim: others may have it.
            return Released()
        if isinstance(job.payload, PayloadError):
            return Failed(Failure.of(job.payload))
        return handler

    def judge(self, run: Run, result: Any) -> Outcome:
        """Find out what it means that a handler has returned."""
        if run.told_at is not None and run.signal.reason in {"timeout", "cancelled", "lost"}:
            return run.decide(None)
        data, replaced = encode_result(result, self._max_result)
        run.job.result = result
        if replaced is not None:
            self._telemetry.emit(ResultReplaced(run.job, replaced))
        return Complete(data)

    async def in_thread(self, handler: Handler, run: Run) -> Any:
        """Call a `def` handler in a thread and return what it returns.

        Raises `NotBegun`, and does not call it, when it must not begin any more.
        """
        return await self._threads.call(partial(self._call, handler, run))

    def _call(self, handler: Handler, run: Run) -> Any:
        # A process that is suspended, or kept from changing threads, is so here as well.
        if run.told_at is not None or self._overdue():
            raise NotBegun
        return handler.function(run.job)


def is_awaitable(result: Any) -> TypeGuard[Awaitable[Any]]:
    """Say whether a handler's result is to be awaited: a coroutine, in most cases."""
    return isinstance(result, CoroutineType) or isawaitable(result)
