"""steve, by its public API; its workers are those of `steve worker`."""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import sys
import time
from typing import Any

import psycopg

from adapter import Adapter, Payload, emit, go, main, payload
from steve import Jobs
from steve_app import TYPES, make

LONGEST = 0.2
"""Seconds that a caller keeps its transaction open, at most."""

PRIORITIES = 5


class Steve(Adapter):
    """Default: `steve worker app:jobs`; tuned: more handlers at once, and uvloop.

    Options of `fill` beside the common ones: `types`, whether jobs are of several; `priorities`,
    whether they differ; `attempts` allowed; `foreign`, how many jobs of type `foreign` go first.
    """

    async def setup(self) -> None:
        self.jobs = Jobs(self.dsn)
        await self.jobs.open()

    async def open(self, clients: int) -> None:
        self.jobs = Jobs(self.dsn)
        await self.jobs.open()
        self.callers: asyncio.Queue[psycopg.AsyncConnection[Any]] = asyncio.Queue()
        if self.options.get("hold"):
            for _ in range(clients):
                self.callers.put_nowait(
                    await psycopg.AsyncConnection.connect(self.dsn, autocommit=True)
                )

    async def create(self, job: Payload, client: int) -> None:
        if self.options.get("hold"):
            await self._held(job)
        else:
            await self.jobs.create("noop", job)

    async def fill(self, jobs: list[Payload]) -> None:
        if foreign := self.options.get("foreign", 0):
            made = (self._item(payload(number)) for number in range(foreign))
            highest = PRIORITIES - 1 if self.options.get("priorities") else 0
            await self.jobs.create_many(
                ("foreign", job, {**options, "priority": highest}) for _, job, options in made
            )
        plain = not (
            self.delay or self.queues or set(self.options) & {"types", "priorities", "failing"}
        )
        if plain:
            await self.jobs.create_many([("noop", job) for job in jobs])
        else:
            await self.jobs.create_many(self._item(job) for job in jobs)

    async def work(self) -> None:
        concurrency = self.options["concurrency"]
        os.environ["STEVE_DATABASE_URL"] = self.dsn
        if self.copies == 1:
            os.environ["BENCH_WORKER"] = json.dumps(self.options)
            command = [sys.executable, "-m", "steve", "worker", "steve_app:jobs"]
            os.execv(sys.executable, [*command, f"--concurrency={concurrency}"])  # noqa: S606
        for _ in range(self.copies):
            manager = make(self.options, self.hit)
            await manager.start(concurrency)

    def _item(self, job: Payload) -> tuple[str, Payload, dict[str, Any]]:
        number = job["n"]
        options: dict[str, Any] = {"queue": self.queue(number)}
        if self.delay:
            options["delay"] = self.delay
        if self.options.get("priorities"):
            options["priority"] = number // 7 % PRIORITIES
        if self.options.get("failing"):
            options["max_attempts"] = 1
        return f"t{number % TYPES}" if self.options.get("types") else "noop", job, options

    async def _held(self, job: Payload) -> None:
        """Create a job in a transaction that then takes its time."""
        number = job["n"] if job["n"] >= 0 else random.randrange(1000)
        kind, _, options = self._item({"n": number})
        connection = await self.callers.get()
        async with connection.transaction():
            await self.jobs.create(kind, job, connection=connection, **options)
            await asyncio.sleep(random.uniform(0, LONGEST))
        self.callers.put_nowait(connection)

    async def _run_hold(self) -> None:
        """Until killed, let callers have transactions open in which they create jobs."""
        clients = self.options["clients"]
        self.options["hold"] = True
        await self.open(clients)

        async def caller() -> None:
            while True:
                await self._held(payload(-1))

        emit("ready")
        await asyncio.gather(*(caller() for _ in range(clients)))

    async def _run_feed(self) -> None:
        """Until killed, create a chunk of jobs each time it is told to."""
        await self.open(1)
        jobs = [payload(-1)] * self.options["chunk"]
        while True:
            await go()
            await self.fill(jobs)

    async def _run_pause(self) -> None:
        """Pause a queue."""
        await self.open(1)
        await self.jobs.queues.pause(self.options["queue"])
        emit("result")

    async def _run_find(self) -> None:
        """Look for jobs one by one; the median in milliseconds."""
        await self.open(1)
        samples: list[float] = []
        for uid in self.options["uids"]:
            began = time.perf_counter()
            found = await self.jobs.find(uid)
            samples.append(time.perf_counter() - began)
            if found.job is None:
                raise LookupError(uid)
        emit("result", median_ms=statistics.median(samples) * 1000)


main(Steve)
