"""What became of a job from one transaction to the next, out of the rows that came and went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from storm.audit import Event


class Transition(msgspec.Struct, frozen=True):
    """A job before and after one transaction; None where it is in neither table."""

    uid: str
    before: Event | None
    after: Event | None

    @property
    def edge(self) -> tuple[str | None, str | None]:
        """The two states by their names."""
        return _status(self.before), _status(self.after)

    @property
    def is_claim(self) -> bool:
        """An attempt begins."""
        return _status(self.after) == "running" and _attempt(self.before) != _attempt(self.after)


class InBothTables(Exception):
    """A transaction left a job live and archived."""


def transitions(events: Sequence[Event]) -> Iterator[Transition]:
    """The transitions of one job, in order.

    Raises:
        InBothTables: the job was live and archived at once, after a commit.
    """
    before: Event | None = None
    places: dict[str, Event] = {}
    for _, group in groupby(events, key=lambda event: event.xid):
        _replay(group, places)
        if len(places) > 1:
            raise InBothTables(events[0].uid)
        after = next(iter(places.values()), None)
        if (before, after) != (None, None):
            yield Transition(events[0].uid, before, after)
        before = after


def claims(events: Sequence[Event]) -> list[Transition]:
    """The claims of one job, in order."""
    return [step for step in transitions(events) if step.is_claim]


def _replay(events: Iterable[Event], places: dict[str, Event]) -> None:
    for event in events:
        if event.happened == "delete":
            places.pop(event.place, None)
        else:
            places[event.place] = event


def _status(event: Event | None) -> str | None:
    return None if event is None else event.status


def _attempt(event: Event | None) -> int | None:
    return None if event is None else event.attempt_id
