"""chancy."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import chancy

import chancy_jobs
from adapter import CHUNK, Adapter, Payload, main


class Chancy(Adapter):
    """Best: 500 at once, eager polling, outcomes sent every 50 ms; default: one at a time.

    Both on its executor for async functions: its default one runs other processes, which would
    not fit an async handler.
    """

    async def setup(self) -> None:
        app = await self._open()
        await app.migrate()
        await self._declare(app, "default")

    async def open(self, clients: int) -> None:
        # Its pool is of one size only, which is not among its documented options.
        self.clients = [await self._open() for _ in range(clients)]

    async def create(self, job: Payload, client: int) -> None:
        await self.clients[client].push(self._job(job))

    async def fill(self, jobs: list[Payload]) -> None:
        if self.queues:
            for queue in self.all_queues():
                await self._declare(self.clients[0], queue)
        async for _ in self.clients[0].push_many([self._job(j) for j in jobs], batch_size=CHUNK):
            pass

    async def work(self) -> None:
        chancy_jobs.hit = self.hit
        for _ in range(self.copies):
            worker = chancy.Worker(await self._open(), register_signal_handlers=False)
            if self.best:
                worker.send_outgoing_interval = 0.05
            await worker.start()

    def _job(self, job: Payload) -> Any:
        made = chancy_jobs.noop.job.with_kwargs(**job).with_queue(self.queue(job["n"]))
        if self.delay:
            made = made.with_scheduled_at(datetime.now(UTC) + timedelta(seconds=self.delay))
        return made

    async def _open(self) -> Any:
        log = logging.getLogger("chancy")
        log.setLevel(logging.ERROR)
        app = chancy.Chancy(self.dsn, log=log)
        await app.__aenter__()
        return app

    async def _declare(self, app: Any, name: str) -> None:
        tuned = {"concurrency": 500, "eager_polling": True, "polling_interval": 1}
        await app.declare(
            chancy.Queue(
                name,
                executor=chancy.Chancy.Executor.Async,
                **(tuned if self.best else {}),  # type: ignore[arg-type]
            ),
            upsert=True,
        )


main(Chancy)
