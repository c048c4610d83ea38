"""What the worker process of the benchmark runs: jobs that do nothing."""

from __future__ import annotations

import os
import time

from steve.cli.bench.measure import NOOP, STAMP
from steve.cli.bench.scratch import SCHEMA_VARIABLE
from steve.core.job import Job
from steve.jobs.manager import Jobs

# The database comes from STEVE_DATABASE_URL: arguments, and a password in them, are seen by all.
jobs = Jobs(schema=os.environ.get(SCHEMA_VARIABLE, "steve_bench"), migrate="never")


@jobs.handler(NOOP)
async def noop(job: Job) -> None:
    """Do nothing."""


@jobs.handler(STAMP)
async def stamp(job: Job) -> dict[str, int]:
    """Say when the handler started, by the clock that all processes of this machine share."""
    return {"started": time.monotonic_ns()}
