"""Looking at jobs, and waiting for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from steve.core.checks import seconds, whole
from steve.core.errors import JobFailed, JobNotFound
from steve.core.job import Found, Job, JobStatus
from steve.core.uid import as_uid
from steve.jobs.choice import HIGHEST, Cursor, Uid, check_page
from steve.jobs.doctor.check import Diagnosis, check_names
from steve.jobs.health import Health, summed_up
from steve.jobs.opened import Opened
from steve.jobs.trouble import explained
from steve.operations.create import clock
from steve.operations.health import backlog, durations
from steve.operations.monitor_whole import ErrorGroup, failures, grouped, retrying
from steve.operations.query import find, page
from steve.operations.worker import WorkerInfo, alive


class Looking(Opened):
    """The part of the manager that looks at jobs."""

    async def find(self, uid: Uid, with_attempts: bool = False) -> Found:
        """Return `(job, attempts)`; the job is None when there is none with this uid.

        The attempts are listed, the oldest first, if `with_attempts` and the job exists.
        """
        found = await self._run(find([as_uid(uid)], with_attempts=with_attempts))
        return Found(*found[0]) if found else Found(None, None)

    async def fetch_all(
        self,
        status: JobStatus | Iterable[JobStatus | None] | None = None,
        *,
        limit: int = 10,
        offset: int = 0,
        type: str | Iterable[str] | None = None,
        queue: str | Iterable[str] | None = None,
        tag: str | None = None,
        since: datetime | float | timedelta | None = None,
        ascending: bool = False,
        after: Cursor | None = None,
    ) -> list[Job]:
        """Return a page of jobs by id, the newest first, or the oldest if `ascending`.

        `status`, `type` and `queue` are one or several, None is all. `since` is the earliest
        creation, as an instant or in seconds before now. `after` is the last job of the page
        before: the job, its id or its uid.
        """
        chosen = check_page(
            {
                "status": status,
                "type": type,
                "queue": queue,
                "tag": tag,
                "since": since,
                "limit": limit,
                "offset": offset,
                "ascending": ascending,
            }
        )
        return await self._run(page(**await self._settled(chosen, after)))

    async def wait(self, uid: Uid, timeout: float | timedelta | None = None) -> Job:
        """Wait until a job is over, wherever it runs, and return it.

        Raises `JobNotFound`, and TimeoutError after `timeout` seconds.
        """
        limit = None if timeout is None else seconds(timeout, "timeout")
        wanted = as_uid(uid)
        runtime = await self._opened()
        with explained(self._settings.schema):
            return await runtime.waiter.wait(wanted, limit)

    async def result(self, uid: Uid, timeout: float | timedelta | None = None) -> Any:
        """Wait until a job is over and return what its handler returned.

        Raises as `wait` does, and `JobFailed` unless the job has completed.
        """
        job = await self.wait(uid, timeout)
        if job.status != "completed":
            raise JobFailed(job)
        return job.result

    async def health(self, since: float | timedelta = 3600) -> Health:
        """Return how the whole is doing: live jobs, those that ended in the last `since` seconds
        with their durations, workers, and the database."""
        window = seconds(since, "since")
        runtime = await self._opened()
        with explained(self._settings.schema):
            began = perf_counter()
            await runtime.database.run(clock())
            latency = perf_counter() - began
            rows, state, workers = await runtime.database.run_together(
                [durations(window), backlog(), alive()]
            )
        per_worker = self._settings.transaction_connections
        return summed_up(rows, state, workers, latency, per_worker)

    async def workers(self) -> list[WorkerInfo]:
        """Return the workers that are alive, with what is left of their leases."""
        return await self._run(alive())

    async def errors(self, since: float | timedelta = 86_400) -> list[ErrorGroup]:
        """Return what failed in the last `since` seconds, grouped by fingerprint: by type, kind of
        exception and place. The most frequent group comes first.

        Of more than 20,000 failures the last ones are looked at.
        """
        window = seconds(since, "since", above=True)
        runtime = await self._opened()
        with explained(self._settings.schema):
            found, live = await runtime.database.run_together([failures(window), retrying()])
        return grouped(found, live)

    async def doctor(self, *, skip: str | Iterable[str] = ()) -> Diagnosis:
        """Return what is wrong with the database and what to do; see `steve doctor`.

        Works where the schema is missing, or of another version, and where the database is not
        reached at all. `skip` are names of checks that are left out. Nothing is changed.
        """
        # Few programs need it.
        from steve.jobs.doctor.examine import examine

        left_out = check_names(skip)
        runtime = await self._opened(prepared=False)
        return await examine(runtime, self._settings, left_out)

    async def _settled(self, chosen: dict[str, Any], after: Cursor | None) -> dict[str, Any]:
        """Look up what a page needs to know: the id behind a cursor, the clock."""
        since = chosen["since"]
        if isinstance(since, float):
            since = await self._run(clock()) - timedelta(seconds=since)
        return {**chosen, "since": since, "after": await self._id(after)}

    async def _id(self, cursor: Cursor | None) -> int | None:
        if cursor is None:
            return None
        if isinstance(cursor, Job):
            return cursor.id
        if isinstance(cursor, int) and not isinstance(cursor, bool):
            return whole(cursor, "after", 0, HIGHEST)
        uid = as_uid(cursor)  # pyright: ignore[reportArgumentType]
        job, _ = await self.find(uid)
        if job is None:
            raise JobNotFound(uid)
        return job.id
