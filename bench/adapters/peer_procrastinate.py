"""procrastinate."""

from __future__ import annotations

import asyncio
from typing import Any

from procrastinate import App, PsycopgConnector

from adapter import Adapter, Payload, chunks, main


class Procrastinate(Adapter):
    """Best: 20 at once and a connection for each; default: one after the other."""

    app: App

    async def setup(self) -> None:
        self._make(2)
        async with self.app.open_async():
            await self.app.schema_manager.apply_schema_async()

    async def open(self, clients: int) -> None:
        self._make(clients)
        await self.app.open_async()

    async def create(self, job: Payload, client: int) -> None:
        await self.task.defer_async(**job)

    async def fill(self, jobs: list[Payload]) -> None:
        later = {"schedule_in": {"seconds": self.delay}} if self.delay else {}
        if not self.queues:
            for chunk in chunks(jobs):
                await self.task.configure(**later).batch_defer_async(*chunk)
            return
        for start in range(self.queues):
            task = self.task.configure(queue=self.queue(start), **later)
            await task.batch_defer_async(*jobs[start :: self.queues])

    async def work(self) -> None:
        concurrency = 20 if self.best else 1
        workers: list[Any] = []
        for _ in range(self.copies):
            self._make(concurrency + 2)
            await self.app.open_async()
            workers.append(
                self.app.run_worker_async(
                    concurrency=concurrency, queues=None, install_signal_handlers=False
                )
            )
        await asyncio.gather(*workers)

    def _make(self, connections: int) -> None:
        size = {"min_size": connections, "max_size": connections} if self.best else {}
        self.app = App(connector=PsycopgConnector(conninfo=self.dsn, **size))

        @self.app.task(name="noop", queue="default")
        async def noop(**job: Any) -> None:
            self.hit(job)

        self.task = noop


main(Procrastinate)
