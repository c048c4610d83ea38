"""Whether the database is there, told in few words."""

from __future__ import annotations

from time import monotonic

from steve.telemetry.catalogue import DatabaseAwaited, DatabaseReached
from steve.telemetry.telemetry import Telemetry

_MOST_REASONS = 10


class Presence:
    """Emits each reason for an outage once, and then its end, however many connections meet it."""

    def __init__(self, telemetry: Telemetry | None) -> None:
        self._telemetry = telemetry
        self._since = 0.0
        self._reasons: set[str] = set()

    def missed(self, where: str, reason: str) -> None:
        """It was not there, and is tried again."""
        if not self._reasons:
            self._since = monotonic()
        if reason in self._reasons or len(self._reasons) >= _MOST_REASONS:
            return
        self._reasons.add(reason)
        if self._telemetry is not None:
            self._telemetry.emit(DatabaseAwaited(where, reason))

    def reached(self) -> None:
        """It is there."""
        if not self._reasons:
            return
        self._reasons.clear()
        if self._telemetry is not None:
            self._telemetry.emit(DatabaseReached(monotonic() - self._since))
