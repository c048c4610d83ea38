"""Thousands of jobs in one transaction, sent as they are made.

    python examples/batch.py

The source may be a file, a cursor or a web page at a time: nothing but a small window of it is in
memory. It is all or nothing: if the source fails half way, no job exists.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from steve import Job, Jobs, NewJob

COUNT = 5_000

jobs = Jobs(queues=("images",))
done = 0


@jobs.handler("resize")
async def resize(job: Job) -> None:
    global done
    done += 1


async def images() -> AsyncGenerator[NewJob, None]:
    """Read the images to resize from somewhere slow."""
    for number in range(COUNT):
        if number % 1000 == 0:
            await asyncio.sleep(0)  # the next page of them
        yield NewJob("resize", {"image": number}, {"queue": "images"})


async def main() -> None:
    async with jobs:
        uids = await jobs.create_many(images())
        print(f"created {len(uids):,} jobs")
        await jobs.start(50)
        last = await jobs.wait(uids[-1], timeout=30)
        print(f"the last one is {last.status}")
        await jobs.stop()
        print(f"{done:,} handled")


if __name__ == "__main__":
    asyncio.run(main())
