"""What the workers of the crash tests run: `steve worker support.workload:jobs`.

Handlers write every start and end into a ledger that is independent of steve: one line by one
write to a file opened for appending, which a SIGKILL cannot tear. CLOCK_MONOTONIC is the same for
all processes of a machine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time

from steve import Job, Jobs

LEASE = float(os.environ.get("WORKLOAD_LEASE", "1.5"))

jobs = Jobs(lease=LEASE, grace=5.0, poll_interval=0.2)
_ledger = os.open(os.environ["WORKLOAD_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def note(what: str, job: Job) -> None:
    line = f"{what} {job.uid} {job.attempt_id} {os.getpid()} {time.monotonic()}\n"
    os.write(_ledger, line.encode())


@jobs.handler("tick")
async def tick(job: Job) -> dict[str, int]:
    note("start", job)
    await asyncio.sleep(job.payload.get("seconds", 0.01))
    note("end", job)
    return {"pid": os.getpid()}


@jobs.handler("poison")
async def poison(job: Job) -> None:
    note("start", job)
    os.kill(os.getpid(), signal.SIGKILL)


@jobs.handler("block")
async def block(job: Job) -> None:
    note("start", job)
    time.sleep(job.payload["seconds"])  # noqa: ASYNC251 - what this handler is there for
    note("end", job)


@jobs.handler("effect")
async def effect(job: Job) -> None:
    note("start", job)
    async with job.transaction() as connection:
        await connection.execute("insert into effect (uid) values (%s)", [job.uid])
    await asyncio.sleep(job.payload.get("seconds", 0.01))
    note("end", job)
