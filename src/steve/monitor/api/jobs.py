"""What the API says about jobs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, TypeVar

import psycopg
from starlette.responses import Response

from steve.core.errors import JobNotFound
from steve.monitor.api import rows
from steve.monitor.api.endpoint import Asked
from steve.monitor.problems import Refused
from steve.monitor.redaction import Redaction
from steve.monitor.shapes.asked import Filter
from steve.monitor.shapes.jobs import Count, Detail, Log, Page
from steve.monitor.shapes.queries import Counting, Listing, LogAfter
from steve.monitor.source import Source, Transaction
from steve.operations import monitor_job, monitor_jobs
from steve.operations.doctor import limits
from steve.operations.monitor_jobs import Sought, refused_path
from steve.operations.operation import Operation

T = TypeVar("T")

PATH_SECONDS = 5.0
"""How long a path may search in the payloads of a window."""

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9000, 1, 1, tzinfo=UTC)


class Jobs:
    """Lists of jobs, and single ones."""

    def __init__(self, source: Source, redaction: Redaction) -> None:
        self._source = source
        self._redaction = redaction

    async def list_jobs(self, asked: Asked) -> Page:
        """A page of the jobs that match.

        Parameters that can be repeated are alternatives. A search that finds few stops after some
        time: `complete` is false then, and `next` goes on.
        """
        query: Listing = asked.query
        chosen = sought(query, self._redaction)
        found = await search(
            self._source,
            chosen,
            monitor_jobs.rows(chosen, after=query.after, limit=query.limit, order=query.sort),
        )
        return Page(rows.rows(found.rows, self._redaction), found.next, found.complete)

    async def count_jobs(self, asked: Asked) -> Count:
        """How many jobs of a stretch match, and where the next stretch begins."""
        query: Counting = asked.query
        chosen = sought(query, self._redaction)
        found = await search(self._source, chosen, monitor_jobs.count(chosen, after=query.after))
        return Count(found.count, found.next)

    async def find_job(self, asked: Asked) -> Detail:
        """Everything about a job. Its payload, result and metadata are cut after a while."""
        found = await self._source.run(monitor_job.detail(asked.uid))
        if found is None:
            raise JobNotFound(asked.uid)
        return rows.detail(found, self._redaction)

    async def payload(self, asked: Asked) -> Response:
        """The whole payload of a job, as a file."""
        return await self._content(asked, "payload")

    async def result(self, asked: Asked) -> Response:
        """The whole result of a job, as a file; there is one once it has completed."""
        return await self._content(asked, "result")

    async def log(self, asked: Asked) -> Log:
        """Lines of a job's log, the oldest first."""
        query: LogAfter = asked.query
        found = await self._source.run(
            monitor_job.log(asked.uid, after=query.after, limit=query.limit + 1)
        )
        lines = [rows.line(line) for line in found[: query.limit]]
        return Log(lines, lines[-1].id if lines else query.after, len(found) > query.limit)

    async def _content(self, asked: Asked, what: Literal["payload", "result"]) -> Response:
        uid = asked.uid
        found = (await self._source.run(monitor_jobs.states([uid])))[:1]
        text = await self._source.run(monitor_job.content(uid, what))
        if not found or text is None:
            raise Refused(404, f"there is no such job, or it has no {what}")
        name = f"{uid}-{what}.json"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        shown = self._redaction.whole(found[0].type, text)
        return Response(shown, headers=headers, media_type="application/json")


def sought(given: Filter, redaction: Redaction) -> Sought:
    """Read a filter. Raises `Refused` if it would tell what is hidden."""
    redaction.check_search(given.path)
    return Sought(
        status=given.status,
        type=given.type,
        queue=given.queue,
        tag=given.tag,
        error=given.error,
        fingerprint=given.fingerprint,
        path=given.path,
        since=None if given.since is None else min(max(given.since, _FIRST), _LAST),
        until=None if given.until is None else min(max(given.until, _FIRST), _LAST),
    )


async def search(source: Source, sought: Sought, operation: Operation[T]) -> T:
    """Run a search. Raises `OptionError` where PostgreSQL refuses its path."""

    async def work(transaction: Transaction) -> T:
        await transaction.run(limits(PATH_SECONDS, PATH_SECONDS))
        return await transaction.run(operation)

    try:
        # A path is a program. What it costs is not known, and nothing is gained by trying again.
        return await (source.run(operation) if sought.path is None else source.transact(work))
    except psycopg.Error as error:
        raise refused_path(error, sought) or error from None
