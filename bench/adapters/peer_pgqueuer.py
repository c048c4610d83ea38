"""pgqueuer."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.queries import Queries

from adapter import Adapter, Payload, chunks, main


class Pgqueuer(Adapter):
    """Best: a pool and batches of 500; default: one connection and batches of 10."""

    async def setup(self) -> None:
        await Queries(await self._driver(2)).install()

    async def open(self, clients: int) -> None:
        if self.best:
            self.clients = [Queries(await self._driver(clients))] * clients
        else:
            self.clients = [Queries(await self._driver(1)) for _ in range(clients)]

    async def create(self, job: Payload, client: int) -> None:
        await self.clients[client].enqueue("noop", json.dumps(job).encode())

    async def fill(self, jobs: list[Payload]) -> None:
        for chunk in chunks(jobs):
            bodies: list[bytes | None] = [json.dumps(job).encode() for job in chunk]
            later = [timedelta(seconds=self.delay) if self.delay else None] * len(chunk)
            await self.clients[0].enqueue(
                ["noop"] * len(chunk), bodies, [0] * len(chunk), execute_after=list(later)
            )

    async def work(self) -> None:
        workers: list[Any] = []
        for _ in range(self.copies):
            worker = PgQueuer(await self._driver(20))

            @worker.entrypoint("noop")
            async def noop(job: Any) -> None:
                self.hit(json.loads(job.payload))

            workers.append(worker.run(**({"batch_size": 500} if self.best else {})))
        await asyncio.gather(*workers)

    async def _driver(self, connections: int) -> Any:
        if self.best:
            smallest = min(5, connections)
            return AsyncpgPoolDriver(
                await asyncpg.create_pool(self.dsn, min_size=smallest, max_size=connections)
            )
        return AsyncpgDriver(await asyncpg.connect(self.dsn))


main(Pgqueuer)
