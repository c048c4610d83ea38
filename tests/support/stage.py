"""What a browser looks at: a monitor and a worker, each a process, on a database of their own."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString, cast
from uuid import UUID

import psycopg

from steve import Job, Jobs
from support.waiting import eventually_async

TESTS = Path(__file__).parent.parent


class Stage:
    """A database, and the means to have something happen on it."""

    def __init__(self, dsn: str, folder: Path, jobs: Jobs) -> None:
        self.dsn = dsn
        self.jobs = jobs
        self._folder = folder
        self._numbers = itertools.count(1)

    def name(self, stem: str) -> str:
        """A name that no other test uses: what a page shows can then be narrowed down to it."""
        return f"{stem}-{next(self._numbers)}"

    async def create(self, type: str, *steps: dict[str, Any], **options: Any) -> Job:
        """Create a job that does these steps. Other members of its payload are `payload`."""
        payload = {"steps": steps, **options.pop("payload", {})}
        return await self.jobs.create(type, payload, **options)

    async def later(self, type: str, count: int = 1, **options: Any) -> list[Job]:
        """Create jobs that are pending, and remain so."""
        return [
            await self.create(type, {"return": number}, delay=86_400, **options)
            for number in range(count)
        ]

    async def ended(self, type: str, *steps: dict[str, Any], **options: Any) -> Job:
        """Create a job and see it end."""
        job = await self.create(type, *steps, **options)
        return await self.jobs.wait(job, timeout=20)

    async def failed(self, type: str, why: str = "it broke", **options: Any) -> Job:
        """Create a job and see it fail for good."""
        return await self.ended(type, {"fail": why}, max_attempts=1, **options)

    def cue(self, name: str) -> None:
        """Let the jobs go on that hold for this."""
        (self._folder / name).touch()

    async def become(self, job: Job | UUID, *statuses: str) -> Job:
        """Wait until a job has one of these statuses."""

        async def look() -> Job | None:
            found = (await self.jobs.find(job)).job
            return found if found is not None and found.status in statuses else None

        return await eventually_async(look, 20, what=f"a job that is {statuses}")

    async def sql(self, text: str, *parameters: Any) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(self.dsn, autocommit=True) as connection:
            cursor = await connection.execute(cast("LiteralString", text), parameters or None)
            return await cursor.fetchall() if cursor.description else []

    @contextmanager
    def worker(self) -> Generator[subprocess.Popen[str], None, None]:
        """Run a worker beside the test."""
        environment = {
            "PYTHONPATH": str(TESTS),
            "PLAYER_FOLDER": str(self._folder),
        }
        arguments = ("worker", "support.player:jobs", "--concurrency", "20")
        with running(self.dsn, *arguments, **environment) as process:
            yield process

    @contextmanager
    def monitor(self, *arguments: str) -> Generator[str, None, None]:
        """Run a monitor beside the test; where it is."""
        with running(self.dsn, "monitor", *arguments) as process:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]


@contextmanager
def running(
    dsn: str, *arguments: str, **environment: str
) -> Generator[subprocess.Popen[str], None, None]:
    """Run the command. It has to end well upon SIGTERM, unless it has ended before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "steve", *arguments],
        env={**os.environ, "STEVE_DATABASE_URL": dsn, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with process:
        try:
            yield process
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()
