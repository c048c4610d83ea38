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
STEPS = 5


async def handle(job: Job) -> dict[str, Any]:
    """Take a while, step by step, and return something, or fail on the way."""
    work = random.uniform(*WORK)
    failing = random.randint(1, STEPS) if random.random() < FAILURES else None
    job.log.info("%d steps of %.2f s", STEPS, work / STEPS)
    for step in range(1, STEPS + 1):
        await asyncio.sleep(work / STEPS)
        if step == failing:
            job.log.warning("step %d will not work", step)
            raise RuntimeError("the demo fails half of the attempts on purpose")
        await job.progress(step / STEPS, f"step {step} of {STEPS}")
    job.log.info("all done")
    return {"foo": random.random()}


async def feed(jobs: Jobs, tally: Tally) -> None:
    """Create jobs until cancelled."""
    while True:
        job = await jobs.create(random.choice(TYPES), max_attempts=MAX_ATTEMPTS, tags=[tally.tag])
        tally.created(job)
        await asyncio.sleep(random.uniform(*PAUSE))
