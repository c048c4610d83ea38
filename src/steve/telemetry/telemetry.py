"""The place where the runtime says what happens and subscribers hear it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from steve.telemetry.catalogue import Event

E = TypeVar("E", bound=Event)
logger = logging.getLogger("steve.telemetry")


class Telemetry:
    """Passes events to those who subscribed to their type.

    Subscribers are called at once, where the event happens, in the order of their subscription:
    they have to be quick. One that raises is logged, and hurts nothing.
    """

    def __init__(self) -> None:
        self._subscribers: dict[type[Event], tuple[Callable[[Any], None], ...]] = {}

    def subscribe(
        self, events: type[E] | Iterable[type[E]], callback: Callable[[E], None]
    ) -> Callable[[], None]:
        """Call `callback` with every event of one type or several; returns what ends that."""
        kinds = (events,) if isinstance(events, type) else tuple(events)
        for kind in kinds:
            self._subscribers[kind] = (*self._subscribers.get(kind, ()), callback)

        def unsubscribe() -> None:
            for kind in kinds:
                left = tuple(c for c in self._subscribers.get(kind, ()) if c is not callback)
                if left:
                    self._subscribers[kind] = left
                else:
                    self._subscribers.pop(kind, None)

        return unsubscribe

    def wants(self, kind: type[Event]) -> bool:
        """Whether anybody listens to this type: hot paths need not make events for nobody."""
        return kind in self._subscribers

    def emit(self, event: Event) -> None:
        """Tell the subscribers of the event's type."""
        for callback in self._subscribers.get(type(event), ()):
            try:
                callback(event)
            except Exception:
                logger.exception("a subscriber of %s failed", type(event).__name__)
