"""dbos."""

from __future__ import annotations

import asyncio
import os

from dbos import DBOS, SetEnqueueOptions

from adapter import Adapter, Payload, main

QUEUE = "default"
TOGETHER = 20


class Dbos(Adapter):
    """Best: polling every 20 ms, 500 workflows at once; default: every second, without bound."""

    note = "no bulk API: 20 concurrent enqueue_workflow_async()"

    async def setup(self) -> None:
        await self._open([])
        await self._register(QUEUE)

    async def open(self, clients: int) -> None:
        await self._open([])
        if self.queues:
            for queue in self.all_queues():
                await self._register(queue)

    async def create(self, job: Payload, client: int) -> None:
        await DBOS.enqueue_workflow_async(self.queue(job["n"]), self.workflow, job)

    async def fill(self, jobs: list[Payload]) -> None:
        left = iter(jobs)

        async def client() -> None:
            for job in left:
                if self.delay:
                    with SetEnqueueOptions(delay_seconds=self.delay):
                        await self.create(job, 0)
                else:
                    await self.create(job, 0)

        await asyncio.gather(*(client() for _ in range(TOGETHER)))

    async def work(self) -> None:
        await self._open(self.all_queues())
        for queue in self.all_queues():
            await self._register(queue)

    async def _open(self, listening: list[str]) -> None:
        DBOS(
            config={
                "name": "bench",
                "system_database_url": self.dsn,
                "log_level": "ERROR",
                "application_version": "1",
                "executor_id": f"worker-{os.getpid()}",
                **({"sys_db_pool_size": 20} if self.best else {}),  # type: ignore[typeddict-item]
            }
        )

        @DBOS.workflow(name="noop")
        async def noop(job: Payload) -> None:
            self.hit(job)

        self.workflow = noop
        DBOS.listen_queues(listening)
        DBOS.launch()

    async def _register(self, queue: str) -> None:
        tuned = {"worker_concurrency": 500, "polling_interval_sec": 0.02} if self.best else {}
        await DBOS.register_queue_async(queue, on_conflict="always_update", **tuned)  # type: ignore[arg-type]


main(Dbos)
