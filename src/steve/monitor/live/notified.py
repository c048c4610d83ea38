"""Being notified when a job is over that a page shows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from secrets import token_hex
from time import monotonic
from uuid import UUID

import psycopg

from steve.core.errors import SteveError
from steve.events.watch import MOST_WATCHED, Watch
from steve.monitor.source import Source

LATER = 60.0
"""Seconds until it is tried again where it is not allowed, or does not work."""

logger = logging.getLogger("steve.monitor")


class Notified:
    """Makes a look come sooner. Where it does not work, pages are as new as the last look."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # A manager may have several monitors.
        self._suffix = f"monitor_{token_hex(4)}"
        self._watch: Watch | None = None
        self._runtime: object = None
        self._not_before = 0.0

    async def want(self, uids: Sequence[UUID], hasten: Callable[[], None]) -> None:
        """Have `hasten` called when one of these is over. Nothing is raised."""
        try:
            runtime = await self._source.opened()
            if self._runtime is not runtime:
                self._runtime = runtime
                self._watch = Watch(
                    runtime.database, runtime.listener, lambda _: hasten(), suffix=self._suffix
                )
            watch = self._watch
            if watch is None or not (uids or watch.watches) or monotonic() < self._not_before:
                return
            # The same ones each time, and the newest.
            chosen = sorted(uids)[-MOST_WATCHED:]
            for uid in chosen:
                watch.want(uid)
            if watch.is_due:
                await self._renew(watch, chosen)
        except SteveError:
            logger.debug("the monitor is not notified", exc_info=True)

    async def end(self) -> None:
        """Be notified no longer."""
        watch, self._watch, self._runtime = self._watch, None, None
        if watch is not None:
            with suppress(SteveError, psycopg.Error):
                await watch.end()

    async def _renew(self, watch: Watch, uids: Sequence[UUID]) -> None:
        try:
            await watch.renew(uids)
        except (SteveError, psycopg.Error):
            logger.debug("the monitor is not notified of jobs", exc_info=True)
            self._not_before = monotonic() + LATER
