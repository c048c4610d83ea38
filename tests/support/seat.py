"""Somebody who sits before `steve top`: presses keys and sees what is on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from steve import Job, Jobs
from steve.cli.top.look import Looker
from steve.cli.top.screen import Top
from steve.database.database import Database
from support.waiting import eventually_async


class Seat:
    """Somebody who sits before `steve top`."""

    def __init__(self, pilot: Pilot[Any], jobs: Jobs) -> None:
        self.pilot = pilot
        self.jobs = jobs

    @property
    def text(self) -> str:
        strips = self.pilot.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def sees(self, *wanted: str) -> str:
        async def look() -> bool:
            return all(text in self.text for text in wanted)

        try:
            await eventually_async(look, 15)
        except AssertionError:
            raise AssertionError(f"{wanted} never came; the screen:\n{self.text}") from None
        return self.text

    async def sees_no(self, unwanted: str) -> None:
        async def look() -> bool:
            return unwanted not in self.text

        try:
            await eventually_async(look, 15)
        except AssertionError:
            raise AssertionError(f"{unwanted} stays; the screen:\n{self.text}") from None

    async def status(self, job: Job) -> str:
        found, _ = await self.jobs.find(job.uid)
        assert found is not None
        return found.status

    async def ends(self, *jobs: Job) -> None:
        for job in jobs:
            await self.jobs.wait(job, timeout=15)


@asynccontextmanager
async def seated(dsn: str, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Seat]:
    """Sit down before a database in which two kinds of jobs can run: `bad` and `slow`."""
    jobs = Jobs(dsn, queues=("default", "mail"), poll_interval=0.1, grace=0.1, handle_signals=False)

    @jobs.handler("bad", max_attempts=1)
    async def bad(job: Job) -> None:
        raise ValueError(job.payload.get("why", "this one never works") + "\nsecond line")

    @jobs.handler("slow")
    async def slow(job: Job) -> None:
        await job.progress(0.25, "a quarter")
        await asyncio.sleep(60)

    database = Database(dsn, "steve", max_connections=1)
    async with jobs:
        looker = Looker(database)
        app = Top(jobs, looker, await looker.look(), "here", 0.1)
        async with app.run_test(size=size) as pilot:
            yield Seat(pilot, jobs)
        await jobs.stop()
        await database.close()
