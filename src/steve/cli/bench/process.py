"""The worker process of the benchmark."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import IO, Any, TypeVar

import click

from steve.cli.bench.scratch import SCHEMA_VARIABLE, Scratch

T = TypeVar("T")

_PATIENCE = 30.0
_LOOK = 0.05
_ALIVE = "select 1 from steve.worker where died_at is null and expires_at > steve.now()"


class WorkerProcess:
    """A running `steve worker`, and what it complained about."""

    def __init__(self, process: asyncio.subprocess.Process, log: IO[bytes]) -> None:
        self._process = process
        self._log = log

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something that needs the worker: it is broken off when the worker ends."""
        task = asyncio.create_task(work)
        ended = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait([task, ended], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            task.cancel()
            ended.cancel()
        self._log.seek(0)
        tail = self._log.read()[-2000:].decode(errors="replace").strip()
        raise click.ClickException(
            f"the worker process ended with exit code {self._process.returncode}: {tail}"
        )

    async def stop(self) -> None:
        """Stop it gracefully, at last by force."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                self._process.send_signal(kind)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _PATIENCE)
                return


@asynccontextmanager
async def worker(scratch: Scratch, concurrency: int) -> AsyncGenerator[WorkerProcess, None]:
    """Run `steve worker` in a process of its own for as long as the block runs.

    The block starts once the worker is registered.
    """
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "steve", "worker", "steve.cli.bench.target:jobs", "-q"),
            f"--concurrency={concurrency}",
            env={**os.environ, "STEVE_DATABASE_URL": scratch.dsn, SCHEMA_VARIABLE: scratch.schema},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is for us: we stop the worker when we have seen to the rest.
            start_new_session=True,
        )
        running = WorkerProcess(process, log)
        try:
            await running.during(_registered(scratch))
            yield running
        finally:
            await running.stop()


async def _registered(scratch: Scratch) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not await scratch.rows(_ALIVE):  # noqa: ASYNC110 - a row has no event
            await asyncio.sleep(_LOOK)
