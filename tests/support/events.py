"""What a `Telemetry` said, to be waited for: a test that waits for an event needs no sleep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, TypeVar

from steve.telemetry import catalogue
from steve.telemetry.catalogue import Event
from steve.telemetry.telemetry import Telemetry

E = TypeVar("E", bound=Event)

ALL: tuple[type[Event], ...] = tuple(
    kind
    for kind in vars(catalogue).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
)


def _any(event: Any) -> bool:
    return True


class Events:
    """Records the events of a `Telemetry`, in their order."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.seen: list[Event] = []
        self._more = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        telemetry.subscribe(ALL, self._note)

    def of(self, kind: type[E], where: Callable[[E], bool] = _any) -> list[E]:
        """The events of one kind so far."""
        return [event for event in self.seen if isinstance(event, kind) and where(event)]

    async def wait(
        self,
        kind: type[E],
        where: Callable[[E], bool] = _any,
        *,
        count: int = 1,
        within: float = 10.0,
    ) -> E:
        """The event that is the `count`th of its kind, as soon as it has happened."""
        try:
            async with asyncio.timeout(within):
                async for event in self._stream():
                    if isinstance(event, kind) and where(event):
                        count -= 1
                        if count <= 0:
                            return event
        except TimeoutError:
            pass
        said = ", ".join(map(repr, self.seen[-20:]))
        raise AssertionError(f"{count} more {kind.__name__} did not come within {within} s: {said}")

    async def _stream(self) -> AsyncGenerator[Event, None]:
        place = 0
        while True:
            for event in self._from(place):
                place += 1
                yield event
            self._more.clear()
            if place == len(self.seen):
                await self._more.wait()

    def _from(self, place: int) -> Iterator[Event]:
        while place < len(self.seen):
            yield self.seen[place]
            place += 1

    def _note(self, event: Event) -> None:
        self.seen.append(event)
        self._loop.call_soon_threadsafe(self._more.set)
