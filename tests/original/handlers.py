"""Handlers that can be held, and notes of what callbacks were told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from steve import Job, Jobs

LONG = 10.0
"""Seconds after which what should have happened has not."""


class Held:
    """A handler that runs until it is let go. Its result is "done"."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.go = asyncio.Event()
        self.cancelled = 0

    async def __call__(self, job: Job) -> str:
        self.started.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return "done"


class Told:
    """What the callbacks of a manager were told: words such as "attempt running", in order."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.jobs: list[Job] = []
        self._more = asyncio.Event()

    def everything(self, jobs: Jobs, type: str = "*") -> Told:
        """Take note of all four events."""
        jobs.on_attempt(type, self.note("attempt"))
        jobs.on_success(type, self.note("success"))
        jobs.on_failure(type, self.note("failure"))
        jobs.on_done(type, self.note("done"))
        return self

    def note(self, word: str) -> Callable[[Job], None]:
        """A callback that takes note under this word."""

        def note(job: Job) -> None:
            self.words.append(f"{word} {job.status}")
            self.jobs.append(job)
            self._more.set()

        return note

    async def until(self, words: str, count: int = 1) -> None:
        """Wait until these words have been said so many times."""
        async with asyncio.timeout(LONG):
            while self.words.count(words) < count:
                self._more.clear()
                await self._more.wait()


def fail(job: Job) -> None:
    """A handler that never succeeds."""
    raise ValueError("Boom")


def attempt(job: Job) -> str:
    """A handler that says which attempt it was."""
    return f"attempt {job.attempts}"
