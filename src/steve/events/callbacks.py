"""Who wants to know what becomes of jobs of which type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Literal, NamedTuple, get_args

from steve.core.errors import OptionError, OptionTypeError
from steve.core.job import TERMINAL, Job
from steve.core.options import check_type
from steve.core.text import safe_repr
from steve.events.calls import Callback, Calls, check_callback

Kind = Literal["attempt", "success", "failure", "done"]
Unsubscribe = Callable[[], None]

ALL = "*"
"""Stands for every type."""

_MOST_REMEMBERED = 1000


class _Subscription(NamedTuple):
    callback: Callback
    types: frozenset[str]
    once: bool

    def covers(self, type: str) -> bool:
        return type in self.types or ALL in self.types


class Callbacks:
    """The callbacks of one manager, by event and type.

    - `attempt`: twice per attempt, when its handler starts and when its end is committed
    - `success`: the job has completed
    - `failure`: the job has failed for good, was cancelled, or expired
    - `done`: either of the two

    They may come and go from any thread; the events come from the loop.
    """

    def __init__(self) -> None:
        self.calls = Calls()
        self._guard = Lock()
        # Replaced as a whole, never changed: the loop reads them without the lock.
        self._subscriptions: dict[Kind, tuple[_Subscription, ...]] = {}
        self._found: dict[tuple[Kind, str], tuple[Callback, ...]] = {}

    @property
    def active(self) -> bool:
        """Whether anybody listens to anything."""
        return bool(self._subscriptions)

    def on(
        self,
        kind: Kind,
        types: str | Iterable[str],
        callback: Callback,
        *,
        skip_if_exists: bool = True,
    ) -> Unsubscribe:
        """Call `callback` upon events of this kind and these types ("*": all), until it is ended.

        Where the same callback is there already it is not added again, unless `skip_if_exists`
        is False. Raises `OptionError` and `OptionTypeError`.
        """
        if kind not in get_args(Kind):
            raise OptionError(f"kind must be one of {', '.join(get_args(Kind))}, not {kind!r}")
        check_callback(callback)
        wanted = _check_types(types)
        with self._guard:
            present = self._subscriptions.get(kind, ())
            if skip_if_exists:
                same = [s for s in present if s.callback == callback]
                wanted = frozenset(t for t in wanted if not any(s.covers(t) for s in same))
            added = _Subscription(callback, wanted, skip_if_exists)
            if wanted:
                self._replace(kind, (*present, added))

        def unsubscribe() -> None:
            with self._guard:
                left = [s for s in self._subscriptions.get(kind, ()) if s is not added]
                self._replace(kind, tuple(left))

        return unsubscribe

    def clear(self) -> None:
        """End all subscriptions."""
        with self._guard:
            self._subscriptions = {}
            self._found = {}

    def attempt_started(self, job: Job) -> None:
        """A handler is about to be called; `job` is running."""
        self._publish("attempt", job)

    def attempt_ended(self, job: Job) -> None:
        """The end of an attempt is committed; `job` has its new status."""
        self._publish("attempt", job)
        self.job_ended(job)

    def job_ended(self, job: Job) -> None:
        """A job may be over, with or without an attempt that ended it."""
        if job.status in TERMINAL:
            self._publish("success" if job.status == "completed" else "failure", job)
            self._publish("done", job)

    async def drain(self) -> None:
        """Wait until callbacks that are under way have ended."""
        await self.calls.drain()

    def _publish(self, kind: Kind, job: Job) -> None:
        if kind in self._subscriptions:
            callbacks = self._callbacks(kind, job.type)
            if callbacks:
                self.calls.call(callbacks, job)

    def _callbacks(self, kind: Kind, type: str) -> tuple[Callback, ...]:
        """Find the callbacks for a type, in the order in which they came."""
        remembered = self._found
        callbacks = remembered.get((kind, type))
        if callbacks is None:
            found: list[Callback] = []
            for subscription in self._subscriptions.get(kind, ()):
                twice = subscription.once and subscription.callback in found
                if subscription.covers(type) and not twice:
                    found.append(subscription.callback)
            callbacks = tuple(found)
            if len(remembered) < _MOST_REMEMBERED:
                remembered[kind, type] = callbacks
        return callbacks

    def _replace(self, kind: Kind, subscriptions: tuple[_Subscription, ...]) -> None:
        changed: dict[Kind, tuple[_Subscription, ...]] = dict(self._subscriptions)
        changed[kind] = subscriptions
        if not subscriptions:
            del changed[kind]
        self._subscriptions = changed
        self._found = {}


def _check_types(types: str | Iterable[str]) -> frozenset[str]:
    if not isinstance(types, str | Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise OptionTypeError(f"types must be text or several of it, not {safe_repr(types)}")
    wanted = frozenset(map(check_type, [types] if isinstance(types, str) else types))
    if not wanted:
        raise OptionError('types must name at least one type of job, or "*" for all')
    return wanted
