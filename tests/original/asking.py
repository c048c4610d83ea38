"""Short ways to ask: the manager for what became of a job, the database for what is in it."""

from __future__ import annotations

from typing import Any, LiteralString, cast

from original.conftest import Connection
from original.handlers import LONG
from steve import Attempt, Job, Jobs


async def rows(connection: Connection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement; its rows, if it has any."""
    cursor = await connection.execute(cast("LiteralString", query), values or None)
    return await cursor.fetchall() if cursor.description else []


async def value(connection: Connection, query: str, *values: Any) -> Any:
    """Run a query whose answer is a single value."""
    ((answer,),) = await rows(connection, query, *values)
    return answer


async def finished(jobs: Jobs, type: str, payload: Any = None, **options: Any) -> Job:
    """Create a job and wait until it is over."""
    return await jobs.wait(await jobs.create(type, payload, **options), LONG)


async def known(jobs: Jobs, job: Job) -> Job:
    """The job as it is now."""
    found = (await jobs.find(job)).job
    assert found is not None
    return found


async def attempts_of(jobs: Jobs, job: Job) -> list[Attempt]:
    """Its attempts."""
    attempts = (await jobs.find(job, with_attempts=True)).attempts
    assert attempts is not None
    return attempts


async def give_to_the_dead(connection: Connection, *jobs: Job) -> None:
    """Let jobs be as if a worker had died with them in its hands."""
    worker = await value(
        connection,
        "insert into steve.worker (name, host, pid, version, channel, queues, concurrency, lease,"
        " expires_at) values ('dead', 'h', 1, '0', 'c', '{}', 1, 1, now() - interval '1 minute')"
        " returning id",
    )
    await rows(
        connection,
        "update steve.job set status = 'running', worker = %s, attempts = attempts + 1,"
        " attempt_id = nextval('steve.attempt_id'), attempted_at = now() where uid = any(%s)",
        worker,
        [job.uid for job in jobs],
    )
