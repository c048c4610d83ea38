"""Registering what handles jobs, and what is called upon their events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from steve.core.backoff import Backoff
from steve.core.options import check_defaults, check_type
from steve.core.registry import HandlerFunction
from steve.events.callbacks import Unsubscribe
from steve.events.calls import Callback
from steve.jobs.opened import Opened

if TYPE_CHECKING:
    from typing import Self, Unpack

F = TypeVar("F", bound=HandlerFunction)


class HandlerOptions(TypedDict, total=False):
    """The defaults that a handler has for jobs of its type; see `create`."""

    max_attempts: int
    max_crashes: int
    backoff_strategy: str | Backoff
    delay: float | timedelta | None
    timeout: float | timedelta | None
    queue: str
    priority: int
    tags: Sequence[str]
    meta: Mapping[str, Any]


class Handling(Opened):
    """The part of the manager that knows handlers and callbacks."""

    def handler(self, type: str, **defaults: Unpack[HandlerOptions]) -> Callable[[F], F]:
        """Let the decorated function handle jobs of `type`, and give those jobs defaults.

        An `async def` function runs on the event loop, a `def` function in a thread. It takes the
        job, and what it returns is the result. It may be registered while workers run.
        """
        check_type(type)
        check_defaults(defaults)

        def register(function: F) -> F:
            self._registry.register(type, function, defaults)
            return function

        return register

    def set_handler(self, type: str, handler: HandlerFunction | None) -> Self:
        """Let `handler` handle jobs of `type`, in place of what did so before; None: nobody."""
        if handler is None:
            self._registry.unregister(check_type(type))
        else:
            self._registry.register(type, handler)
        return self

    def has_handler(self, type: str) -> bool:
        """Whether jobs of `type` would be handled here, by a handler of their own or by the
        fallback."""
        return self._registry.resolve(check_type(type)) is not None

    def reset_handlers(self) -> Self:
        """Remove all handlers, and the fallback."""
        self._registry.reset()
        self._registry.set_fallback(None)
        return self

    def on_attempt(
        self, type: str | Iterable[str], callback: Callback, *, skip_if_exists: bool = True
    ) -> Unsubscribe:
        """Call `callback` twice per attempt: when its handler starts, and when its end is
        committed. The job's status says which: running, or what became of it.

        `type` is one, several, or "*" for all. It concerns jobs that this process runs. What the
        callback raises is logged. Returns what ends it.
        """
        return self._callbacks.on("attempt", type, callback, skip_if_exists=skip_if_exists)

    def on_success(
        self, type: str | Iterable[str], callback: Callback, *, skip_if_exists: bool = True
    ) -> Unsubscribe:
        """Call `callback` with each job that has completed; see `on_attempt`."""
        return self._callbacks.on("success", type, callback, skip_if_exists=skip_if_exists)

    def on_failure(
        self, type: str | Iterable[str], callback: Callback, *, skip_if_exists: bool = True
    ) -> Unsubscribe:
        """Call `callback` with each job that has failed for good, was cancelled or expired, and
        not for an attempt that will be followed by another; see `on_attempt`."""
        return self._callbacks.on("failure", type, callback, skip_if_exists=skip_if_exists)

    def on_done(
        self, type: str | Iterable[str], callback: Callback, *, skip_if_exists: bool = True
    ) -> Unsubscribe:
        """Call `callback` with each job that is over, however it ended; see `on_attempt`."""
        return self._callbacks.on("done", type, callback, skip_if_exists=skip_if_exists)
