"""One process that runs jobs until it is told to stop, or has done what it should."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from steve.cli.worker.fleet import RENEW
from steve.cli.worker.member import ALIVE, READY, REPORT_EVERY, STUCK
from steve.cli.worker.probing import probing

if TYPE_CHECKING:
    from steve.core.job import Job
    from steve.jobs.manager import Jobs

logger = logging.getLogger("steve.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the command line says. None leaves to the manager what its author said."""

    concurrency: int
    db: str | None = field(repr=False)
    schema: str | None
    queues: Mapping[str, int | None] | None
    grace: float | None
    max_jobs: int | None
    max_time: float | None
    probe_host: str
    probe_port: int | None
    report_fd: int | None


async def serve(jobs: Jobs, plan: Plan) -> int:
    """Run the manager's worker; returns the exit code.

    Raises what ended the worker against its will, and what kept it from starting.
    """
    _adjust(jobs, plan)
    if jobs._registry.types() == []:  # pyright: ignore[reportPrivateUsage]
        logger.warning("the manager has no handlers: is the module imported that registers them?")
    limits = _Limits(plan, jobs)
    async with (
        probing(jobs.alive, jobs.ready, plan.probe_host, plan.probe_port),
        _reporting(jobs, plan.report_fd),
    ):
        unsubscribe = jobs.on_attempt("*", limits.attempted) if plan.max_jobs else None
        timer = limits.start_timer()
        try:
            await jobs.run(plan.concurrency)
        finally:
            timer.cancel()
            if unsubscribe is not None:
                unsubscribe()
            await jobs.close()
    supervised = plan.report_fd is not None
    return RENEW if limits.reached and supervised else 0


def _adjust(jobs: Jobs, plan: Plan) -> None:
    """Put what the command line says in place of what the manager was made with.

    It is not open yet. Stopping upon signals is what this command does, whoever made the manager.
    """
    changes: dict[str, Any] = {
        "db": plan.db,
        "schema": plan.schema,
        "queues": plan.queues,
        "grace": plan.grace,
        "handle_signals": True,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    if plan.db is not None:
        # The manager's own leads to another database.
        given["listen_db"] = None
    jobs._settings = replace(jobs._settings, **given)  # pyright: ignore[reportPrivateUsage]


class _Limits:
    """Ends the process after so many attempts, or so much time."""

    def __init__(self, plan: Plan, jobs: Jobs) -> None:
        self._left = plan.max_jobs
        self._seconds = plan.max_time
        self._jobs = jobs
        self._stopping: asyncio.Task[None] | None = None

    @property
    def reached(self) -> bool:
        """Whether that is why it ends."""
        return self._stopping is not None

    def start_timer(self) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        if self._seconds is None:
            return loop.call_later(0, lambda: None)
        return loop.call_later(self._seconds, self._reach, f"{self._seconds:g} s are over")

    def attempted(self, job: Job) -> None:
        if job.status == "running" or self._left is None:
            return
        self._left -= 1
        if self._left == 0:
            self._reach("enough attempts")

    def _reach(self, reason: str) -> None:
        if self._stopping is None:
            logger.info("stopping: %s", reason)
            self._stopping = asyncio.create_task(self._jobs.stop())


@asynccontextmanager
async def _reporting(jobs: Jobs, pipe: int | None) -> AsyncGenerator[None, None]:
    """Give the supervisor signs of life through its pipe, and notice when it is gone."""
    if pipe is None:
        yield
        return
    os.set_inheritable(pipe, False)
    os.set_blocking(pipe, False)
    task = asyncio.create_task(_report(jobs, pipe))
    try:
        yield
    finally:
        task.cancel()
        os.close(pipe)


async def _report(jobs: Jobs, pipe: int) -> None:
    while True:
        state = READY if jobs.ready() else ALIVE if jobs.alive() else STUCK
        try:
            os.write(pipe, state)
        except BlockingIOError:
            # It is not reading at the moment; it will see what is in the pipe already.
            pass
        except BrokenPipeError:
            logger.warning("stopping: the supervisor is gone")
            await jobs.stop()
            return
        await asyncio.sleep(REPORT_EVERY)
