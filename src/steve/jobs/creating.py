"""Creating jobs."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from steve.core.backoff import Backoff
from steve.core.codec import decode
from steve.core.errors import JobNotFound
from steve.core.job import Job, PreparedJob
from steve.core.options import JobOptions, prepare
from steve.database.database import Database
from steve.events.calls import Callback, check_callback
from steve.jobs.bulk import Bulk, Item
from steve.jobs.joined import join
from steve.jobs.opened import Opened
from steve.jobs.trouble import explained
from steve.operations.create import Created, create_one
from steve.operations.query import find
from steve.operations.rows import read_backoff

if TYPE_CHECKING:
    from typing import Unpack

    from psycopg import AsyncConnection, Connection


class Creating(Opened):
    """The part of the manager that creates jobs."""

    async def create(
        self,
        type: str,
        payload: Any = None,
        *,
        connection: AsyncConnection[Any] | Connection[Any] | None = None,
        on_done: Callback | None = None,
        **options: Unpack[JobOptions],
    ) -> Job:
        """Create a job and return it. It may run as soon as its creation is committed.

        `connection` creates it in the caller's transaction, which remains the caller's to commit;
        a blocking one is used in a thread. `on_done` is called in this process when the job is
        over, wherever it ran; it is not remembered across restarts.

        Raises `OptionError`, `OptionTypeError`, and `PayloadError` before anything is sent.
        """
        job = self._prepared(type, payload, options)
        if on_done is not None:
            check_callback(on_done)
        runtime = await self._opened()
        with explained(self._settings.schema):
            if connection is None:
                created = await runtime.gathering.create(job)
            else:
                (created,) = await join(connection, self._settings.schema).run(create_one(job))
            made = await _found(runtime.database, job) if created is None else _made(job, created)
        if on_done is not None:
            runtime.waiter.expect(made.uid, on_done)
        return made

    async def create_many(
        self,
        items: Iterable[Item] | AsyncIterable[Item],
        *,
        progress: Callable[[int], object] | None = None,
        connection: AsyncConnection[Any] | Connection[Any] | None = None,
    ) -> list[UUID]:
        """Create any number of jobs, all or none, and return their uids in the order of `items`.

        An item is `(type, payload)`, `(type, payload, options)` or a `NewJob`; `items` may be lazy
        or async, and is never held in memory as a whole. `progress` is called with the number of
        jobs sent so far. `connection` is the caller's transaction, as in `create`.

        Raises as `create` does, with a note that says which item it was.
        """
        bulk = Bulk(items, self._prepared, progress)
        runtime = await self._opened()
        with explained(self._settings.schema):
            if connection is None:
                return await bulk.send_surely(runtime.database)
            return await bulk.send(join(connection, self._settings.schema), self._settings.schema)

    def _prepared(self, type: str, payload: Any, options: Any) -> PreparedJob:
        handler = self._registry.resolve(type) if isinstance(type, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
        return prepare(
            type, payload, None if handler is None else handler.defaults, options, self._settings
        )


async def _found(database: Database, job: PreparedJob) -> Job:
    """Return a job that a send without a reply has created."""
    found = await database.run(find([job.uid]))
    if not found:
        # Created, finished and deleted by somebody, all before the second send.
        raise JobNotFound(job.uid)
    return found[0][0]


def _made(job: PreparedJob, created: Created) -> Job:
    """Put together what was sent and what the database decided."""
    strategy: str | Backoff = read_backoff(job.backoff)
    return Job(
        id=created.id, uid=created.uid, attempt_id=None, type=job.type,
        payload=decode(job.payload), result=None, status="pending", attempts=0, refunded=0,
        crashes=0, max_attempts=job.max_attempts, max_crashes=job.max_crashes,
        created_at=created.created_at, updated_at=created.created_at, started_at=None,
        completed_at=None, run_at=created.run_at, scheduled_at=created.run_at, expires_at=None,
        backoff_strategy=strategy, queue=job.queue, priority=job.priority, timeout=job.timeout,
        unique_key=None, limit_key=None, fair_key=None, tags=job.tags, meta=decode(job.meta),
    )  # fmt: skip
