"""What happens in the demo: jobs come in at random, and half of the attempts fail."""

# ruff: noqa: S311 - chance is the show here, not a secret

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steve.cli.demo.tally import Tally
    from steve.core.job import Job
    from steve.jobs.manager import Jobs

TYPES = ("foo", "bar", "baz", "bat")
SCHEMA = "steve_demo"
"""A schema that no worker but the demo's serves."""

MAX_ATTEMPTS = 2
FAILURES = 0.5
PAUSE = (0.3, 3.0)
WORK = (0.2, 2.0)


async def handle(job: Job) -> dict[str, Any]:
    """Fail, or take a while and return something."""
    if random.random() < FAILURES:
        raise RuntimeError("the demo fails half of the attempts on purpose")
    await asyncio.sleep(random.uniform(*WORK))
    return {"foo": random.random()}


async def feed(jobs: Jobs, tally: Tally) -> None:
    """Create jobs until cancelled."""
    while True:
        job = await jobs.create(random.choice(TYPES), max_attempts=MAX_ATTEMPTS, tags=[tally.tag])
        tally.created(job)
        await asyncio.sleep(random.uniform(*PAUSE))
