"""What is new about jobs since the last look."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from steve.monitor.shapes.jobs import Row


@dataclass(frozen=True, slots=True)
class Change:
    """What a look has found: jobs that are new, those that differ, and those that are gone."""

    newest: list[Row]
    changed: dict[UUID, Row]
    gone: set[UUID]


class Changes:
    """Remembers jobs as they were when they were looked at last."""

    def __init__(self) -> None:
        self._top: set[UUID] | None = None
        self._known: dict[UUID, Row | None] = {}

    @property
    def begun(self) -> bool:
        """Whether there is something to compare with."""
        return self._top is not None

    def look(
        self, newest: Sequence[Row] | None, watched: Collection[UUID], states: Sequence[Row]
    ) -> Change:
        """Compare the newest jobs, if they were looked at, and the states of the watched ones."""
        known = self._known
        found = {row.uid: row for row in [*(newest or ()), *states]}
        changed = {
            uid: row for uid, row in found.items() if uid in known and known[uid] != _compared(row)
        }
        # Those never seen before are no change, but what they are compared with from now on.
        missing = set(watched) - found.keys()
        gone = {uid for uid in missing if uid not in known or known[uid] is not None}
        new: list[Row] = []
        if newest is not None:
            top = self._top
            new = [] if top is None else [row for row in newest if row.uid not in top]
            self._top = {row.uid for row in newest}
        kept = {*(self._top or ()), *watched}
        self._known = {uid: row for uid, row in known.items() if uid in kept}
        self._known |= {uid: _compared(row) for uid, row in found.items() if uid in kept}
        self._known |= dict.fromkeys(missing)
        fresh = {row.uid for row in new}
        return Change(new, {u: row for u, row in changed.items() if u not in fresh}, gone)


def _compared(row: Row) -> Row:
    """The duration of a running job is no news: it goes on."""
    return msgspec.structs.replace(row, duration=None) if row.status == "running" else row
