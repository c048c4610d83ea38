"""The jobs that a command is to change: named by uid, or chosen by filters."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from steve.cli.database import connection
from steve.cli.output import progress

if TYPE_CHECKING:
    from steve.jobs.manager import Jobs

BATCH = 500
"""Jobs changed in one statement."""


_COUNT = """
select count(*) from {schema}.jobs
where (%(status)s::text[] is null or status = any(%(status)s::text[]))
    and (%(type)s::text[] is null or type = any(%(type)s::text[]))
    and (%(queue)s::text[] is null or queue = any(%(queue)s::text[]))
    and (%(tag)s::text is null or %(tag)s::text = any(tags))
    and (%(since)s::timestamptz is null or created_at >= %(since)s::timestamptz)
    and (%(ago)s::interval is null or created_at >= {schema}.now() - %(ago)s::interval)
"""


async def count(dsn: str, schema: str, choice: dict[str, Any]) -> int:
    """Count the jobs that match the filters."""
    from steve.sql import quoted

    since = choice["since"]
    ago = since if isinstance(since, timedelta) else None
    values = {**choice, "since": None if ago is not None else since, "ago": ago}
    async with connection(dsn) as connected:
        cursor = await connected.execute(
            _COUNT.format(schema=quoted(schema).replace("%", "%%")).encode(), values
        )
        (total,) = await cursor.fetchone() or (0,)
    return total


async def change(
    jobs: Jobs,
    choice: dict[str, Any],
    total: int,
    act: Callable[[list[UUID]], Awaitable[list[UUID]]],
    doing: str,
) -> list[UUID]:
    """Do something to all that match, in batches, with a progress bar; returns those changed."""
    changed: list[UUID] = []
    with progress() as bar:
        task = bar.add_task(doing, total=total)
        async for page in _pages(jobs, choice):
            changed += await act(page)
            bar.advance(task, len(page))
    return changed


async def _pages(jobs: Jobs, choice: dict[str, Any]) -> AsyncGenerator[list[UUID], None]:
    """Go through the jobs by id, the oldest first: those created meanwhile come last."""
    after: int | None = None
    while True:
        page = await jobs.fetch_all(limit=BATCH, ascending=True, after=after, **choice)
        if page:
            yield [job.uid for job in page]
            after = page[-1].id
        if len(page) < BATCH:
            return
