"""The one that looks at the database for all open pages."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

import msgspec

from steve.events.ending import end
from steve.monitor.live.changes import Change, Changes
from steve.monitor.live.client import Client
from steve.monitor.live.notified import Notified
from steve.monitor.problems import Refused, refusal
from steve.monitor.shapes.jobs import Row
from steve.monitor.shapes.whole import Overview, Problem, Pulse

INTERVAL = 1.0
SHARE = 10
"""Looking takes one part in so many of the time at most."""

SOONEST = 0.1
"""Seconds between two looks however much happens."""

CLOSING_SECONDS = 0.5
"""How long a page may take to read what is on its way when all are sent away."""

MOST_CLIENTS = 1000
MOST_WATCHED = 2000
NEWEST = 50

_EVER = datetime(1970, 1, 1, tzinfo=UTC)

logger = logging.getLogger("steve.monitor")


class Look(Protocol):
    """Ways to look at the database."""

    async def whole(self, watched: Sequence[UUID]) -> tuple[Pulse, list[Row], list[Row]]:
        """The pulse, the newest jobs, and the states of the watched ones."""
        ...

    async def states(self, watched: Sequence[UUID]) -> list[Row]: ...

    async def overview(self, pulse: Pulse) -> Overview:
        """The pulse with alarms and actions, of which some may be a little old."""
        ...


class Hub:
    """Begins to look when the first page comes, and ends when the last one has gone.

    `on_change` is called when jobs are found to have changed, before pages are told.
    """

    def __init__(self, look: Look, notified: Notified, on_change: Callable[[], None]) -> None:
        self._look = look
        self._notified = notified
        self._on_change = on_change
        self._clients: dict[str, Client] = {}
        self._changes = Changes()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._pulse: tuple[float, Pulse] | None = None
        self._overview: Overview | None = None
        self._troubled = False

    def join(self) -> Client:
        """A page comes. Raises `Refused` when there are too many."""
        if len(self._clients) >= MOST_CLIENTS:
            raise Refused(503, "too many pages are open")
        client = Client()
        self._clients[client.id] = client
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve(), name="steve monitor")
        elif self._changes.begun:
            self._greet(client)
        return client

    def leave(self, client: Client) -> None:
        """A page goes."""
        self._clients.pop(client.id, None)
        client.gone.set()
        self.hasten()

    def watch(self, id: str, uids: Sequence[UUID]) -> bool:
        """A page shows these jobs; returns whether it is known. Raises `Refused`."""
        client = self._clients.get(id)
        if client is None:
            return False
        others = {uid for each in self._clients.values() if each is not client
                  for uid in each.watched}  # fmt: skip
        if len(others | set(uids)) > MOST_WATCHED:
            raise Refused(503, "too many jobs are being followed by all pages together")
        client.watch(uids)
        self.hasten()
        return True

    def hasten(self) -> None:
        """Look soon: something has happened."""
        self._wake.set()

    @property
    def pulse(self) -> Pulse | None:
        """The last pulse, if it is fresh."""
        if self._pulse is None or not self._clients:
            return None
        at, pulse = self._pulse
        return pulse if monotonic() - at < pulse.interval * 1.5 else None

    async def close(self) -> None:
        """Send all pages away, and look no more."""
        clients = list(self._clients.values())
        self._end_all()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                for client in clients:
                    await client.gone.wait()
        for client in clients:
            client.left.set()
        # It may be asleep for long, and would open again a manager that is closed next.
        if self._task is not None:
            await end(self._task)

    async def _serve(self) -> None:
        # Of this event loop: the manager may be used in one after the other.
        self._wake = asyncio.Event()
        try:
            while self._clients:
                try:
                    await self._follow()
                finally:
                    # A page may come while this takes its time.
                    await self._notified.end()
            self._task = None
        finally:
            # Nobody would tell them anything any more: they come again.
            self._end_all()

    async def _follow(self) -> None:
        """Look for as long as there are pages."""
        due = 0.0
        try:
            while self._clients:
                began, first = monotonic(), self._pulse is None
                due = await self._tick(began, due)
                await self._sleep(due, 0.0 if first else monotonic() - began)
                if _server_is_leaving():
                    self._end_all()
        finally:
            self._changes = Changes()
            self._pulse = self._overview = None

    async def _tick(self, began: float, due: float) -> float:
        """Look at everything if that is due, else only at what is watched; returns when it is due
        again."""
        first = self._pulse is None
        try:
            if began < due:
                watched = self._watched()
                self._tell(None, await self._look.states(watched), watched)
                return due
            await self._look_at_all(began)
        except Exception as error:
            self._trouble(error)
            return monotonic() + 2 * INTERVAL
        self._troubled = False
        # The first look has made connections and plans: it says nothing of those to come.
        return began + (INTERVAL if first else max(INTERVAL, SHARE * (monotonic() - began)))

    async def _look_at_all(self, began: float) -> None:
        watched = self._watched()
        pulse, newest, states = await self._look.whole(watched)
        took = 0.0 if self._pulse is None else monotonic() - began
        interval = max(INTERVAL, SHARE * took)
        pulse = msgspec.structs.replace(pulse, interval=interval)
        last, self._pulse = self._pulse, (monotonic(), pulse)
        self._tell(newest, states, watched)
        if last is None or _compared(last[1]) != _compared(pulse):
            self._put("pulse", pulse)
        for client in self._clients.values():
            if not client.greeted:
                self._greet(client)
        overview = await self._look.overview(pulse)
        before, self._overview = self._overview, overview
        if before is not None and _news(before) != _news(overview):
            self._put("overview", overview)
        live = [row.uid for row in states if row.completed_at is None]
        await self._notified.want(live, self.hasten)

    def _tell(self, newest: list[Row] | None, states: list[Row], watched: Sequence[UUID]) -> None:
        change = self._changes.look(newest, watched, states)
        if change.newest or change.changed or change.gone:
            self._on_change()
        found = {row.uid: row for row in states}
        encoded: dict[UUID, msgspec.Raw] = {}
        for client in self._clients.values():
            event = _event(client, change, found, set(watched), encoded)
            if event is not None:
                client.put("jobs", event)

    def _greet(self, client: Client) -> None:
        client.greet()
        if self._pulse is not None:
            client.put("pulse", msgspec.json.encode(self._pulse[1]))

    def _put(self, event: str, data: Any) -> None:
        text = msgspec.json.encode(data)
        for client in self._clients.values():
            client.put(event, text)

    def _trouble(self, error: Exception) -> None:
        """Say, once, that the database cannot be looked at."""
        if not self._troubled:
            self._troubled = True
            refused = refusal(error)
            logger.warning("the monitor cannot look at the database: %s", refused.detail)
            self._put("trouble", Problem(refused.detail))
        for client in self._clients.values():
            if not client.greeted:
                client.greet()

    def _end_all(self) -> None:
        for client in self._clients.values():
            client.end()

    def _watched(self) -> list[UUID]:
        return list({uid for client in self._clients.values() for uid in client.watched})

    async def _sleep(self, due: float, took: float) -> None:
        """Sleep until a look is due, or until something has happened; never less than keeps the
        share of looking small."""
        await asyncio.sleep(max(SOONEST, SHARE * took))
        with suppress(TimeoutError):
            async with asyncio.timeout(max(due - monotonic(), 0)):
                await self._wake.wait()
        self._wake.clear()


def _event(
    client: Client,
    change: Change,
    found: dict[UUID, Row],
    looked_at: set[UUID],
    encoded: dict[UUID, msgspec.Raw],
) -> bytes | None:
    """What this page is told: what is new, what it shows that has changed, and what it began to
    show since, which may have changed in between."""

    def raw(row: Row) -> msgspec.Raw:
        if row.uid not in encoded:
            encoded[row.uid] = msgspec.Raw(msgspec.json.encode(row))
        return encoded[row.uid]

    # What it began to show while the look was under way was not looked at, and is not gone.
    unseen = client.unseen & looked_at
    client.unseen -= looked_at
    changed = {uid: row for uid, row in change.changed.items() if uid in client.watched}
    changed |= {uid: found[uid] for uid in unseen & found.keys()}
    gone = (change.gone & client.watched) | (unseen - found.keys())
    if not (change.newest or changed or gone):
        return None
    return msgspec.json.encode(
        {
            "newest": [raw(row) for row in change.newest],
            "changed": [raw(row) for row in changed.values()],
            "gone": list(gone),
        }
    )


def _compared(pulse: Pulse) -> Pulse:
    """What goes on by itself is no news."""
    workers = [
        msgspec.structs.replace(worker, lease_left=0.0, renewed_at=_EVER)
        for worker in pulse.workers
    ]
    return msgspec.structs.replace(pulse, now=_EVER, interval=0.0, workers=workers)


def _news(overview: Overview) -> tuple[Any, ...]:
    return overview.alarms, overview.checked_at, overview.actions


def _server_is_leaving() -> bool:
    """Whether uvicorn has been told to stop: it waits for streams, and streams go on for ever.

    It says so to nobody; but the one that handles SIGTERM is its server.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return getattr(server, "should_exit", False) is True
