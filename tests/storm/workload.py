"""What the workers of a storm run: `steve worker storm.workload:jobs`.

Each handler is a kind of work that suffers from faults in a way of its own. All of them note when
they begin, end, or are stopped from outside.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steve import Job, Jobs, Snooze
from storm.ledger import Ledger, What

LEASE = float(os.environ["STORM_LEASE"])
GRACE = 2.0

jobs = Jobs(lease=LEASE, grace=GRACE, poll_interval=0.5, migrate="never")
_ledger = Ledger(Path(os.environ["STORM_LEDGER"]))


def count_tasks(_number: int, _frame: object) -> None:
    """Note how many tasks there are, when the driver asks by a signal."""
    _ledger.note("tasks", number=len(asyncio.all_tasks()))


signal.signal(signal.SIGUSR1, count_tasks)


def note(what: What, job: Job) -> None:
    """Note something about an attempt."""
    _ledger.note(what, uid=job.uid, attempt=job.attempt_id, kind=job.type)


@contextmanager
def noted(job: Job) -> Iterator[None]:
    """Note the start of an attempt and how it ended."""
    note("start", job)
    try:
        yield
    except asyncio.CancelledError:
        note("interrupted", job)
        raise
    finally:
        note("end", job)


@jobs.handler("tick")
async def tick(job: Job) -> dict[str, int]:
    """Wait a moment."""
    with noted(job):
        await asyncio.sleep(job.payload["seconds"])
    return {"pid": os.getpid()}


@jobs.handler("thread")
def thread(job: Job) -> None:
    """The same in a thread, which listens to a cancellation."""
    with noted(job):
        until = time.monotonic() + job.payload["seconds"]
        while time.monotonic() < until and not job.cancelled:
            time.sleep(0.02)


@jobs.handler("effect")
async def effect(job: Job) -> None:
    """Write something together with the end of the job."""
    with noted(job):
        note("asks", job)
        async with job.transaction() as connection:
            await connection.execute(
                "insert into storm.effect (uid, attempt_id) values (%s, %s)",
                [job.uid, job.attempt_id],
            )
        note("answered", job)
        await asyncio.sleep(job.payload["seconds"])


@jobs.handler("flaky")
async def flaky(job: Job) -> None:
    """Fail as often as the payload says, perhaps too often."""
    with noted(job):
        await job.progress(0.5, "half way to disaster")
        if job.attempts - job.refunded <= job.payload["failures"]:
            raise ValueError("this time it fails")


@jobs.handler("snooze")
async def snooze(job: Job) -> None:
    """Put off the work two times."""
    with noted(job):
        if job.attempts - job.crashes <= 2:
            raise Snooze(0.1)


@jobs.handler("block")
async def block(job: Job) -> None:
    """Block the event loop."""
    with noted(job):
        time.sleep(job.payload["seconds"])  # noqa: ASYNC251 - that is the fault


@jobs.handler("freeze")
async def freeze(job: Job) -> None:
    """Keep the interpreter's lock, so that no thread of this process runs, the lease's neither."""
    with noted(job):
        ctypes.PyDLL(None).usleep(round(job.payload["seconds"] * 1e6))


@jobs.handler("poison")
async def poison(job: Job) -> None:
    """Take the worker along."""
    note("start", job)
    os.kill(os.getpid(), signal.SIGKILL)
