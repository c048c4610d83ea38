"""A page that follows, and what is on its way to it."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from uuid import UUID

MOST_WAITING = 30
"""Events that may wait for a page that reads slowly; then it is left, and has to come again."""

_REPLACED = ("pulse", "overview", "trouble")
"""Of these only the newest is worth anything."""


class Client:
    """An open page. `watched` are the jobs that it shows, `unseen` those of which nothing was sent
    since it began to show them."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(16)
        self.watched: frozenset[UUID] = frozenset()
        self.unseen: set[UUID] = set()
        self.greeted = False
        self.left = asyncio.Event()
        """Set when it reads too slowly: it is not waited for."""
        self.gone = asyncio.Event()
        """Set when it has gone."""
        self._latest: dict[str, bytes] = {}
        self._waiting: deque[bytes] = deque()
        self._ready = asyncio.Event()
        self._ended = False

    def watch(self, uids: Sequence[UUID]) -> None:
        """Follow these jobs, and no others."""
        self.unseen |= set(uids) - self.watched
        self.watched = frozenset(uids)
        self.unseen &= self.watched

    def greet(self) -> None:
        """Say that what happens from now on will be told."""
        self.greeted = True
        self.put("hello", b'{"client":"%s"}' % self.id.encode())

    def put(self, event: str, data: bytes) -> None:
        """Send an event as soon as the page reads it."""
        text = b"event: %s\ndata: %s\n\n" % (event.encode(), data)
        if event in _REPLACED:
            self._latest[event] = text
        elif len(self._waiting) < MOST_WAITING:
            self._waiting.append(text)
        else:
            self.left.set()
        self._ready.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._ready.set()

    async def next(self) -> bytes | None:
        """Wait for what is to be sent; None at the end."""
        await self._ready.wait()
        if self._ended:
            return None
        self._ready.clear()
        text = b"".join([*self._waiting, *self._latest.values()])
        self._waiting.clear()
        self._latest.clear()
        return text
