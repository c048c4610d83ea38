"""The bare yardstick: its loop drains; beside it plain inserts, a COPY, and a LISTEN loop."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import psycopg

from adapter import Adapter, Payload, emit, main
from bare_loop import BARE_DDL, CLAIM, FINISH, bare_drain

INSERT = "insert into bare.job(type, payload) values ('noop', %s) returning uid"
TELLING = (
    "with job as (insert into bare.job(type, payload) values ('noop', %s) returning uid) "
    "select uid, pg_notify('bare', '') from job"
)
BATCH = 200


class Bare(Adapter):
    """Statements of psycopg, and nothing else."""

    async def setup(self) -> None:
        async with await self._connect() as connection:
            await connection.execute(BARE_DDL)

    async def open(self, clients: int) -> None:
        self.clients = [await self._connect() for _ in range(clients)]
        self.insert = TELLING if "pause" in self.options else INSERT

    async def create(self, job: Payload, client: int) -> None:
        cursor = await self.clients[client].execute(self.insert, (json.dumps(job),), prepare=True)
        await cursor.fetchone()

    async def fill(self, jobs: list[Payload]) -> None:
        async with (
            self.clients[0].cursor() as cursor,
            cursor.copy("copy bare.job (type, payload) from stdin") as copy,
        ):
            for job in jobs:
                await copy.write_row(("noop", json.dumps(job)))

    async def work(self) -> None:
        for _ in range(self.copies):
            listening = await self._connect()
            await listening.execute("listen bare")
            wake = asyncio.Event()
            self.tasks = [
                asyncio.create_task(_listen(listening, wake)),
                asyncio.create_task(self._claim(wake)),
            ]
        await asyncio.gather(*self.tasks)

    async def _run_drain(self) -> None:
        rate = await bare_drain(self.dsn, self.options["n"])
        emit("result", rate=rate)

    async def _claim(self, wake: asyncio.Event) -> None:
        claims, finishes = await self._connect(), await self._connect()
        batches: asyncio.Queue[list[Any]] = asyncio.Queue(4)
        finisher = asyncio.create_task(_finish(finishes, batches))
        cursor = claims.cursor(binary=True)
        while not finisher.done():
            wake.clear()
            await cursor.execute(CLAIM, (BATCH,), prepare=True)
            rows = await cursor.fetchall()
            for row in rows:
                self.hit(row[2])
            if rows:
                await batches.put(rows)
            else:
                await wake.wait()

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(self.dsn, autocommit=True)


async def _listen(connection: psycopg.AsyncConnection[Any], wake: asyncio.Event) -> None:
    async for _ in connection.notifies():
        wake.set()


async def _finish(
    connection: psycopg.AsyncConnection[Any], batches: asyncio.Queue[list[Any]]
) -> None:
    cursor = connection.cursor()
    while True:
        rows = await batches.get()
        values = ([row[0] for row in rows], [row[3] for row in rows])
        await cursor.execute(FINISH, values, prepare=True)


main(Bare)
