"""All that the hub looks at, and the overview."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from uuid import UUID

from steve.monitor.alarms import Alarms
from steve.monitor.api.rows import action, rows
from steve.monitor.live.hub import NEWEST
from steve.monitor.pulse import Pulses
from steve.monitor.redaction import Redaction
from steve.monitor.shapes.jobs import Row
from steve.monitor.shapes.whole import Action, Overview, Pulse
from steve.monitor.source import Source
from steve.operations import monitor_jobs, monitor_whole

LATEST_ACTIONS = 20
ACTIONS_SECONDS = 5.0


class Looking:
    """Looks at the database on behalf of all pages."""

    def __init__(self, source: Source, redaction: Redaction) -> None:
        self.pulses = Pulses(source)
        self.alarms = Alarms(source)
        self._source = source
        self._redaction = redaction
        self._actions: list[Action] = []
        self._actions_due = 0.0

    async def whole(self, watched: Sequence[UUID]) -> tuple[Pulse, list[Row], list[Row]]:
        """The pulse, the newest jobs, and the states of the watched ones."""
        pulse = await self.pulses.take()
        found = await self._source.run(monitor_jobs.rows(monitor_jobs.Sought(), limit=NEWEST))
        return pulse, rows(found.rows, self._redaction), await self.states(watched)

    async def states(self, watched: Sequence[UUID]) -> list[Row]:
        """The states of these jobs."""
        if not watched:
            return []
        found = await self._source.run(monitor_jobs.states(watched))
        return rows(found, self._redaction)

    async def overview(self, pulse: Pulse) -> Overview:
        """The pulse with alarms and actions, of which some may be a little old."""
        if monotonic() >= self._actions_due:
            self._actions = await self.actions(LATEST_ACTIONS)
            self._actions_due = monotonic() + ACTIONS_SECONDS
        found, checked_at = self.alarms.current()
        return Overview(pulse, found, checked_at, self._actions)

    async def actions(self, limit: int) -> list[Action]:
        """What was done lately, the last first."""
        return [action(done) for done in await self._source.run(monitor_whole.actions(limit))]

    def acted(self) -> None:
        """Something was done here: look at what that has changed."""
        self._actions_due = 0.0
        self.pulses.count_anew()
