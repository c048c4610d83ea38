"""absurd-sdk. Its schema comes from django-absurd, as the SDK itself carries none."""

from __future__ import annotations

import asyncio
from importlib.resources import files

import psycopg
from absurd_sdk import AsyncAbsurd

from adapter import Adapter, Payload, chunks, main


class Absurd(Adapter):
    """Best: 100 at once, polling every 20 ms; default: one at a time, every 250 ms."""

    note = "no bulk API: spawn() in one transaction per 1,000"

    async def setup(self) -> None:
        (schema,) = [
            file
            for file in (files("django_absurd") / "migrations").iterdir()
            if file.name.startswith("0001") and file.name.endswith(".sql")
        ]
        async with await psycopg.AsyncConnection.connect(self.dsn, autocommit=True) as connection:
            await connection.execute(schema.read_text().encode())
            await AsyncAbsurd(connection, queue_name="default").create_queue()

    async def open(self, clients: int) -> None:
        self.clients = [await self._open() for _ in range(clients)]

    async def create(self, job: Payload, client: int) -> None:
        await self.clients[client][1].spawn("noop", job)

    async def fill(self, jobs: list[Payload]) -> None:
        connection, app = self.clients[0]
        for chunk in chunks(jobs):
            async with connection.transaction():
                for job in chunk:
                    await app.spawn("noop", job)

    async def work(self) -> None:
        tuned = {"concurrency": 100, "poll_interval": 0.02} if self.best else {}
        workers = [
            (await self._open())[1].start_worker(**tuned)  # type: ignore[arg-type]
            for _ in range(self.copies)
        ]
        await asyncio.gather(*workers)

    async def _open(self) -> tuple[psycopg.AsyncConnection, AsyncAbsurd]:
        connection = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True)
        app = AsyncAbsurd(connection, queue_name="default")

        @app.register_task(name="noop")
        async def noop(params: Payload, context: object) -> None:
            self.hit(params)

        return connection, app


main(Absurd)
