"""A program that creates jobs as applications do: `python -m storm.producer SEED`.

It notes what was acknowledged before it goes on, and what it has rolled back on purpose. A call
that fails says nothing about what became of it, and is only counted.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import deque
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from steve import Backoff, Jobs
from steve.core.errors import SteveError
from storm.ledger import Ledger

FAILURES = (SteveError, psycopg.Error, OSError, TimeoutError)
SOON = Backoff("fixed", factor=0.2)
PAUSE = 0.02
"""Seconds between two calls."""

Asked = tuple[str, dict[str, Any], dict[str, Any]]


class Producer:
    """Creates jobs of all kinds in all ways, cancels some and tries some again."""

    def __init__(self, dsn: str, ledger: Ledger, seed: int) -> None:
        self._dsn = dsn
        self._ledger = ledger
        self._random = random.Random(seed)
        self._recent: deque[UUID] = deque(maxlen=200)
        self._jobs = Jobs(dsn, migrate="never", connect_timeout=5.0)

    async def run(self) -> None:
        """Go on until killed."""
        calls = (self.one, self.one, self.one, self.committed, self.undone, self.many,
                 self.cancel, self.retry)  # fmt: skip
        while True:
            call = self._random.choice(calls)
            try:
                async with asyncio.timeout(15.0):
                    await call()
            except FAILURES as error:
                self._ledger.note("refused", kind=type(error).__name__)
                await asyncio.sleep(0.2)
            await asyncio.sleep(self._random.uniform(0, 2 * PAUSE))

    def ask(self) -> Asked:
        """A job of any kind: mostly short ones, a few that take longer than a grace."""
        draw = self._random.random()
        short = {"seconds": self._random.uniform(0, 0.1)}
        if draw < 0.03:
            return "tick", {"seconds": self._random.uniform(1.0, 4.0)}, {}
        if draw < 0.2:
            return "flaky", {"failures": self._random.randrange(5)}, {
                "max_attempts": 4, "backoff_strategy": SOON,
            }  # fmt: skip
        if draw < 0.35:
            return "effect", short, {"backoff_strategy": SOON}
        if draw < 0.45:
            return "thread", short, {}
        if draw < 0.55:
            return "snooze", {}, {"queue": "default", "priority": self._random.randrange(-2, 3)}
        return "tick", short, {"timeout": 30.0}

    async def one(self) -> None:
        """A single create."""
        type, payload, options = self.ask()
        self._acknowledged((await self._jobs.create(type, payload, **options)).uid)

    async def many(self) -> None:
        """Several at once."""
        asked = [self.ask() for _ in range(self._random.randrange(2, 40))]
        for uid in await self._jobs.create_many(asked):
            self._acknowledged(uid)

    async def committed(self) -> None:
        """A create in a transaction of our own, open for a while."""
        await self._in_transaction(undo=False)

    async def undone(self) -> None:
        """The same, rolled back."""
        await self._in_transaction(undo=True)

    async def _in_transaction(self, *, undo: bool) -> None:
        type, payload, options = self.ask()
        async with await psycopg.AsyncConnection.connect(self._dsn, connect_timeout=5) as own:
            job = await self._jobs.create(type, payload, connection=own, **options)
            await asyncio.sleep(self._random.uniform(0, 0.3))
            if undo:
                self._ledger.note("doomed", uid=job.uid)
                await own.rollback()
            else:
                await own.commit()
                self._acknowledged(job.uid)

    async def cancel(self) -> None:
        """Cancel something recent, whatever it does at this moment."""
        if self._recent and self._random.random() < 0.3:
            await self._jobs.cancel(self._random.choice(self._recent))

    async def retry(self) -> None:
        """Try something again that failed or was cancelled."""
        if self._recent and self._random.random() < 0.3:
            await self._jobs.retry(self._random.choice(self._recent))

    def _acknowledged(self, uid: UUID) -> None:
        self._ledger.note("created", uid=uid)
        self._recent.append(uid)


def main() -> None:
    ledger = Ledger(Path(os.environ["STORM_LEDGER"]))
    producer = Producer(os.environ["STEVE_DATABASE_URL"], ledger, int(sys.argv[1]))
    asyncio.run(producer.run())


if __name__ == "__main__":
    main()
