"""Creating many jobs in one transaction, by a COPY, while they are being thought of."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from inspect import isawaitable
from time import monotonic
from typing import Any, TypeAlias, cast
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from steve.core.errors import ConnectionFailed, OptionTypeError
from steve.core.job import NewJob, PreparedJob
from steve.core.pause import Pause
from steve.core.text import safe_repr
from steve.database.adapters import AsyncOwnCursor
from steve.database.database import Database
from steve.database.errors import is_transient
from steve.database.execute import execute
from steve.jobs.joined import Joined, JoinedBlocking
from steve.operations.create import COPY_COLUMNS, clock, create, wake
from steve.sql import quoted

Item: TypeAlias = "NewJob | tuple[str, Any] | tuple[str, Any, Mapping[str, Any]]"
Prepare = Callable[[str, Any, Mapping[str, Any]], PreparedJob]

CHUNK = 500
"""Jobs between two turns of the event loop."""

SOON = timedelta(seconds=5)
"""Workers are woken for jobs that start so soon; for later ones they wake by themselves."""

MOST_WOKEN = 100
"""Sleeping workers that are woken for one type of job in one queue."""

MOST_KINDS = 1000
_COPY = f"copy {{}}.job ({', '.join(COPY_COLUMNS)}) from stdin"


class Bulk:
    """The jobs of one call. `progress` is called with how many have been sent."""

    def __init__(
        self,
        items: Iterable[Item] | AsyncIterable[Item],
        prepare: Prepare,
        progress: Callable[[int], object] | None,
    ) -> None:
        """Raises `OptionTypeError` when there is nothing to iterate over."""
        _check_items(items)
        if progress is not None and not callable(progress):
            raise OptionTypeError(f"progress must be a function, not {safe_repr(progress)}")
        self._items = items
        self._prepare = prepare
        self._progress = progress
        self._uids: list[UUID] = []
        self._first: PreparedJob | None = None
        self._committing: PreparedJob | None = None

    async def send_surely(self, database: Database) -> list[UUID]:
        """Send them over a connection of ours: exactly once, even if the reply is lost."""
        pause = Pause()
        end = monotonic() + database.connect_timeout
        while True:
            try:
                async with database.connection() as connection:
                    return await self._send_alone(connection, database.schema)
            except psycopg.Error as error:
                if not is_transient(error):
                    raise
                if self._committing and await self._has_landed(database, self._committing):
                    return self._uids
                if monotonic() > end or not self._can_be_sent_again:
                    raise
            await asyncio.sleep(pause.next())

    async def send(self, joined: Joined | JoinedBlocking, schema: str) -> list[UUID]:
        """Send them in whatever transaction there is on a connection."""
        self._uids, self._first, self._committing = [], None, None
        kinds: Counter[tuple[str, str]] = Counter()
        async with joined.block():
            now = await joined.run(clock())
            async with aclosing(self._chunks(now, kinds)) as chunks:
                if joined.in_pipeline:
                    async for jobs in chunks:
                        await joined.run(create(jobs))
                else:
                    async with joined.copy(_COPY.format(quoted(schema))) as write:
                        async for jobs in chunks:
                            await write(_row(job, now) for job in jobs)
            if kinds:
                names = [kind for kind, count in kinds.items() for _ in range(count)]
                await joined.run(wake([q for q, _ in names], [t for _, t in names]))
            self._committing = self._first
        return self._uids

    async def _send_alone(self, connection: AsyncConnection[Any], schema: str) -> list[UUID]:
        async with connection.transaction():
            # As long as it takes: it may be millions, and the items may come slowly.
            await AsyncOwnCursor(connection).execute(
                "select set_config('statement_timeout', '0', true)", prepare=False
            )
            return await self.send(Joined(connection, schema), schema)

    @property
    def _can_be_sent_again(self) -> bool:
        """Whether the items can be had once more, or none has been taken yet."""
        once = hasattr(self._items, "__next__") or hasattr(self._items, "__anext__")
        return self._first is None or not once

    async def _has_landed(self, database: Database, first: PreparedJob) -> bool:
        """Whether a transaction whose COMMIT got no answer was committed."""
        pause = Pause()
        end = monotonic() + database.connect_timeout
        while True:
            try:
                return await _exists(database, first)
            except (psycopg.Error, ConnectionFailed) as error:
                if not is_transient(error) or monotonic() > end:
                    error.add_note(
                        f"the connection was lost while {len(self._uids):,} jobs were committed: "
                        f"whether they exist is unknown; the first one would be {self._uids[0]}"
                    )
                    raise
            await asyncio.sleep(pause.next())

    async def _chunks(
        self, now: datetime, kinds: Counter[tuple[str, str]]
    ) -> AsyncGenerator[list[PreparedJob], None]:
        """Check and encode the items, some at a time; count those that start soon."""
        jobs: list[PreparedJob] = []
        async for item in _each(self._items):
            job = self._prepared(item)
            self._first = self._first or job
            self._uids.append(job.uid)
            jobs.append(job)
            kind = (job.queue, job.type)
            if _start(job, now) <= now + SOON and kinds[kind] < MOST_WOKEN:
                kinds[kind] += len(kinds) <= MOST_KINDS
            if len(jobs) == CHUNK:
                yield jobs
                jobs = []
                await self._report()
        if jobs:
            yield jobs
            await self._report()

    def _prepared(self, item: object) -> PreparedJob:
        try:
            return self._prepare(*_parts(item))
        except Exception as error:
            error.add_note(f"in item {len(self._uids)} of create_many (counted from 0)")
            raise

    async def _report(self) -> None:
        """Say how far it is, and let others have the event loop."""
        if self._progress is not None:
            answer = self._progress(len(self._uids))
            if isawaitable(answer):
                await answer
        await asyncio.sleep(0)


def _check_items(items: object) -> None:
    if isinstance(items, Iterable | AsyncIterable) and not isinstance(items, str | bytes | Mapping):
        return
    shown = safe_repr(cast("object", items))
    raise OptionTypeError(f"items must be jobs such as [('send_email', {{'to': …}})], not {shown}")


async def _exists(database: Database, job: PreparedJob) -> bool:
    """Whether a job was created by somebody who may still be about to.

    Creating it again waits for the transaction that may be on its way, and finds the job then, or
    does not; what it creates itself is rolled back.
    """
    async with (
        database.connection() as connection,
        connection.transaction(force_rollback=True),
    ):
        return not await execute(connection, create([job], resent=True), database.schema)
    raise AssertionError("a connection's block swallows nothing")


async def _each(items: Iterable[Item] | AsyncIterable[Item]) -> AsyncGenerator[Item, None]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


def _parts(item: object) -> tuple[str, Any, Mapping[str, Any]]:
    """Return type, payload and options of an item."""
    if isinstance(item, NewJob):
        return item.type, item.payload, item.options
    parts: list[Any] = list(cast("Sequence[Any]", item)) if isinstance(item, tuple | list) else []
    if len(parts) in (2, 3):
        options: Any = parts[2] if len(parts) == 3 else {}
        if isinstance(options, Mapping):
            return parts[0], parts[1], cast("Mapping[str, Any]", options)
    raise OptionTypeError(
        "an item must be (type, payload), (type, payload, {options}) or a NewJob, "
        f"not {safe_repr(cast('object', item))}"
    )


def _start(job: PreparedJob, now: datetime) -> datetime:
    if job.run_at is not None:
        return job.run_at
    return now + timedelta(seconds=job.delay) if job.delay else now


def _row(job: PreparedJob, now: datetime) -> tuple[Any, ...]:
    """Return the values of `COPY_COLUMNS`."""
    start = _start(job, now)
    return (
        job.uid, job.type, job.payload, job.queue, job.priority, start, start, job.timeout,
        job.max_attempts, job.max_crashes, job.backoff, job.tags, job.meta,
    )  # fmt: skip
