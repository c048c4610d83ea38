"""steve's own statements in a plain psycopg loop: what its Python runtime adds is the difference.

With the option `raw`, an INSERT of the same row in place of its statement; always a COPY.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, LiteralString, cast

import psycopg
from psycopg import AsyncRawCursor
from psycopg.types.json import set_json_loads

from adapter import Adapter, Payload, emit, main
from steve.database.migrate import migrate
from steve.sql import statement

BATCH = 200
SESSION = "set plan_cache_mode = force_generic_plan; set jit = off"
"""As the worker's own sessions: these statements are not to be planned each time."""

REGISTRATION = {
    "name": "own", "host": "localhost", "pid": 1, "version": "0", "channel": "own",
    "queues": ["default"], "types": ["noop"], "concurrency": BATCH, "lease": 3600.0,
}  # fmt: skip
CLAIM = {
    "queues": ["default"], "capacities": [BATCH], "types": ["noop"], "slots": BATCH, "ahead": 0,
    "suspects": True,
}  # fmt: skip
AT_MARK = ("mark_queues", "mark_priorities", "mark_run_ats", "mark_ids")
NEW: dict[str, Any] = {
    "queue": "default", "priority": 0, "run_at": None, "delay": None, "timeout": None,
    "max_attempts": 3, "max_crashes": 3, "backoff_strategy": "exp", "tags": [], "meta": "{}",
    "actor": None, "told": "",
}  # fmt: skip
COLUMNS = {
    "uid": "uuid", "type": "text", "payload": "jsonb", "queue": "text", "priority": "int2",
    "run_at": "timestamptz", "scheduled_at": "timestamptz", "max_attempts": "int4",
    "max_crashes": "int4", "backoff_strategy": "text", "tags": "text[]", "meta": "jsonb",
}  # fmt: skip
"""What steve says of a new job, whatever its own defaults are, with the types."""

NAMES = ", ".join(COLUMNS)
COPY = f"copy steve.job ({NAMES}) from stdin"
INSERT = (
    f"insert into steve.job ({NAMES}) "
    f"values ({', '.join(f'${number}' for number in range(1, len(COLUMNS) + 1))}) "
    "returning id, uid, status, created_at, run_at"
)


class Own(Adapter):
    """Statements of psycopg on the tables of steve."""

    async def setup(self) -> None:
        async with await self._connect() as connection:
            await migrate(connection, "steve")

    async def open(self, clients: int) -> None:
        self.clients = [await self._connect() for _ in range(clients)]

    async def create(self, job: Payload, client: int) -> None:
        connection = self.clients[client]
        if self.options.get("raw"):
            await _send(connection, INSERT, _row(job))
            return
        await _run(
            connection,
            "jobs/create_one",
            {
                **NEW,
                "uid": uuid.uuid4(),
                "type": "noop",
                "payload": json.dumps(job),
            },
        )

    async def fill(self, jobs: list[Payload]) -> None:
        async with (
            self.clients[0].cursor() as cursor,
            cursor.copy(COPY.encode()) as copy,
        ):
            copy.set_types(list(COLUMNS.values()))
            for job in jobs:
                await copy.write_row(_row(job))

    async def _run_drain(self) -> None:
        """Take turns as the bare loop does: a claim while the batch before is being finished."""
        claims, finishes = await self._connect(), await self._connect()
        worker = (await _run(claims, "worker/register", REGISTRATION))[0][0]
        batches: asyncio.Queue[list[Any] | None] = asyncio.Queue(4)
        began = time.perf_counter()
        finisher = asyncio.create_task(_finish(finishes, batches))
        done = 0
        mark: tuple[list[Any], ...] = ([], [], [], [])
        while rows := await _run(
            claims,
            "worker/claim",
            {**CLAIM, "worker": worker, **dict(zip(AT_MARK, mark, strict=True))},
        ):
            done += len(rows)
            run_at, number = max((row[13], row[0]) for row in rows)
            mark = ["default"], [0], [run_at], [number]
            if finisher.done():
                break
            await batches.put(rows)
        await batches.put(None)
        await finisher
        emit("result", rate=done / (time.perf_counter() - began))

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True)
        await connection.execute(SESSION)
        set_json_loads(_undecoded, connection)
        return connection


def _undecoded(data: str | bytes) -> str | bytes:
    """Leave JSON as it is: a handler that asks for nothing needs nothing decoded."""
    return data


async def _finish(
    connection: psycopg.AsyncConnection[Any], batches: asyncio.Queue[list[Any] | None]
) -> None:
    while (rows := await batches.get()) is not None:
        ended = sorted((row[1], row[2]) for row in rows)
        await _run(
            connection,
            "worker/complete",
            {
                "uids": [uid for uid, _ in ended],
                "attempt_ids": [attempt for _, attempt in ended],
                "results": [None] * len(ended),
                "waits": [0.0] * len(ended),
            },
        )


async def _run(
    connection: psycopg.AsyncConnection[Any], name: str, values: Mapping[str, Any]
) -> list[Any]:
    found = statement(name, "steve")
    return await _send(connection, found.text, [values[name] for name in found.parameters])


async def _send(
    connection: psycopg.AsyncConnection[Any], text: str, values: list[Any] | tuple[Any, ...]
) -> list[Any]:
    cursor = AsyncRawCursor(connection)
    await cursor.execute(cast("LiteralString", text), values, prepare=True, binary=True)
    return await cursor.fetchall()


def _row(job: Payload) -> tuple[Any, ...]:
    """Return the values of COLUMNS for a job with the defaults of everything."""
    now = datetime.now(UTC)
    body = json.dumps(job)
    return uuid.uuid4(), "noop", body, "default", 0, now, now, 3, 3, "exp", [], "{}"


main(Own)
