"""oban."""

from __future__ import annotations

from typing import Any

import oban
from oban.schema import install
from psycopg_pool import AsyncConnectionPool

from adapter import Adapter, Payload, chunks, main


class Oban(Adapter):
    """Best: 200 at once; default: the 10 of its documentation."""

    async def setup(self) -> None:
        async with AsyncConnectionPool(self.dsn, open=False) as pool:
            await install(pool)

    async def open(self, clients: int) -> None:
        await self._open(max(clients, 10), {}, "bench")

    async def create(self, job: Payload, client: int) -> None:
        await self.oban.enqueue(self.worker.new(job))

    async def fill(self, jobs: list[Payload]) -> None:
        later = {"scheduled_in": self.delay} if self.delay else {}
        for chunk in chunks(jobs):
            await self.oban.enqueue_many(
                [self.worker.new(job, queue=self.queue(job["n"]), **later) for job in chunk]
            )

    async def work(self) -> None:
        limit = (200 if self.best else 10) if not self.queues else 10
        queues = dict.fromkeys(self.all_queues(), limit)
        for copy in range(self.copies):
            await self._open(10, queues, f"bench-{copy}")

    async def _open(self, connections: int, queues: dict[str, Any], name: str) -> None:
        smallest = 4 if self.best else 1
        pool = AsyncConnectionPool(
            self.dsn, min_size=smallest, max_size=connections, timeout=120, open=False
        )
        await pool.open()
        self.oban = oban.Oban(pool=pool, queues=queues, name=name, node=name)

        @oban.worker(queue="default", oban=name)
        class Noop:
            async def process(_, job: Any) -> None:
                self.hit(job.args)

        self.worker = Noop
        await self.oban.start()


main(Oban)
