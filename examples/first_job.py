"""The smallest whole program: a handler, a worker, a job, and its result.

    python examples/first_job.py

Without a database in the environment it starts a PostgreSQL of its own.
"""

from __future__ import annotations

import asyncio

from steve import Job, Jobs

jobs = Jobs()


@jobs.handler("greet")
async def greet(job: Job) -> str:
    return f"Hello, {job.payload['name']}!"


async def main() -> None:
    async with jobs:
        await jobs.start(2)
        job = await jobs.create("greet", {"name": "Ada"})
        print(await jobs.result(job, timeout=10))


if __name__ == "__main__":
    asyncio.run(main())
