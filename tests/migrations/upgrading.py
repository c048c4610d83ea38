"""What the processes of the upgrade test run, of the steve of then and of now alike.

    steve worker upgrading:jobs     a worker
    python -m upgrading             a producer, until it is told to stop; it prints what it creates

Each job returns from where steve was imported, and so whose code ran it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import steve
from steve import Job, Jobs

jobs = Jobs(lease=1.5, grace=10.0, poll_interval=0.2)
SOURCE = str(Path(steve.__file__).parents[1])
GATE = Path(os.environ["UPGRADE_GATE"])


@jobs.handler("quick")
async def quick(job: Job) -> str:
    await asyncio.sleep(0.01)
    return SOURCE


@jobs.handler("gated")
async def gated(job: Job) -> str:
    while not GATE.exists():  # noqa: ASYNC110, ASYNC240 - another process opens it
        await asyncio.sleep(0.02)
    return SOURCE


@jobs.handler("moody")
async def moody(job: Job) -> str:
    if job.attempts <= job.payload["failures"]:
        raise ValueError("not yet")
    return SOURCE


@jobs.handler("deadly")
async def deadly(job: Job) -> str:
    if job.crashes < job.payload["deaths"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return SOURCE


if "UPGRADE_NEW_TYPE" in os.environ:

    @jobs.handler("new")
    async def new(job: Job) -> str:
        return SOURCE


async def produce() -> None:
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    async with Jobs(migrate="check", handle_signals=False) as shop:
        while not over.is_set():
            one, two = await asyncio.gather(shop.create("quick"), shop.create("quick"))
            more = await shop.create_many([("quick", {})] * 3)
            print(one.uid, two.uid, *more, flush=True)  # noqa: T201 - for the test
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(produce())
