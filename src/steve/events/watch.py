"""Being on the list of those who are notified when certain jobs are over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from uuid import UUID

from steve.database.database import Database
from steve.events.listener import Listener
from steve.operations.query import unwatch, watch

MOST_WATCHED = 1000
"""Jobs that we ask to be notified of; for more of them, looking has to do."""

WATCH_SECONDS = 60.0
"""How long an entry on the list lasts."""


class Watch:
    """Our entry on the list, made when it is first needed. `notified` gets a uid, or an empty text
    when something may have been missed. `suffix` tells the entries of one process apart."""

    def __init__(
        self,
        database: Database,
        listener: Listener,
        notified: Callable[[str], None],
        *,
        suffix: str = "waiter",
    ) -> None:
        self._database = database
        self._listener = listener
        self._suffix = suffix
        self._notified = notified
        self._uids: set[UUID] = set()
        self._stale = True
        self.renew_at = 0.0
        """When, on the monotonic clock, the entry has to be renewed."""

    def want(self, uid: UUID) -> None:
        """We wait for this job, too: the entry is renewed the next time."""
        self._stale |= uid not in self._uids

    @property
    def watches(self) -> bool:
        """Whether the entry names any job."""
        return bool(self._uids)

    @property
    def is_due(self) -> bool:
        """Whether the entry has to be renewed now."""
        return self._stale or monotonic() >= self.renew_at

    async def renew(self, uids: Sequence[UUID]) -> None:
        """Be notified of these jobs and of no others; of too many, of the last ones."""
        channel = self._listener.channel(self._suffix)
        self._listener.subscribe(channel, self._notified)
        await self._listener.start()
        chosen = uids[-MOST_WATCHED:]
        # What is wanted from here on makes it stale again.
        self._stale = False
        self._uids = set(chosen)
        await self._database.run(watch(channel, chosen, WATCH_SECONDS))
        self.renew_at = monotonic() + WATCH_SECONDS / 2

    def postpone(self, seconds: float) -> None:
        """It could not be renewed: try again then."""
        self._stale = False
        self._uids = set()
        self.renew_at = monotonic() + seconds

    async def end(self) -> None:
        """Take the entry off the list; if that fails it runs out by itself."""
        channel = self._listener.channel(self._suffix)
        if self._uids:
            self._uids = set()
            self._stale = True
            with suppress(Exception):
                await self._database.run(unwatch(channel))
        self._listener.unsubscribe(channel)
