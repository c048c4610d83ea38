"""The manager whose jobs `steve worker steve_app:jobs` runs. BENCH_WORKER has its options."""

from __future__ import annotations

import array
import asyncio
import json
import os
import time
from collections.abc import Callable
from typing import Any

from board import Board
from steve import Job, Jobs

TYPES = 20
"""Types among which jobs are divided where a workload wants several: t0, t1, …"""

FAILING = 20
"""One job out of so many fails, where a workload wants some to."""


def make(options: dict[str, Any], hit: Callable[[dict[str, Any]], None]) -> Jobs:
    """Make a manager whose handlers call `hit` and do nothing else.

    Options beside those of all adapters: `only`, the one type to handle; `failing`, whether
    some jobs fail; `sleep`, seconds that a handler takes; `serve`, the names of queues.
    """
    queues = options.get("queues", 0)
    several = [f"q{number}" for number in range(queues)]
    names = options.get("serve") or several or ["default"]
    # The address comes from STEVE_DATABASE_URL, as a password in arguments is seen by all.
    manager = Jobs(queues=names)
    failing, sleep = options.get("failing", False), options.get("sleep", 0)

    async def noop(job: Job) -> None:
        hit(job.payload)

    async def fragile(job: Job) -> None:
        hit(job.payload)
        if job.payload["n"] % FAILING == 0:
            raise ValueError("one of those that fail")

    async def slow(job: Job) -> None:
        hit(job.payload)
        await asyncio.sleep(sleep)

    handler = slow if sleep else fragile if failing else noop
    types = [options["only"]] if "only" in options else ["noop", *_types()]
    for name in types:
        manager.set_handler(name, handler)
    return manager


def _types() -> list[str]:
    return [f"t{number}" for number in range(TYPES)]


def _keep_claims(manager: Jobs, path: str) -> None:
    """Write when each claim ended, how long it took, and how many jobs it brought."""
    from steve.telemetry.catalogue import JobsClaimed

    file = open(path, "ab", buffering=0)  # noqa: SIM115, PTH123 - open until the end

    def keep(event: JobsClaimed) -> None:
        array.array("d", (time.monotonic(), event.seconds, event.count)).tofile(file)

    manager._telemetry.subscribe(JobsClaimed, keep)


def _of_environment() -> Jobs:
    options = json.loads(os.environ["BENCH_WORKER"])
    board = Board(options["board"], record=options["record"])

    def hit(payload: dict[str, Any]) -> None:
        board.hit(payload["n"])

    manager = make(options, hit)
    if "claims" in options:
        _keep_claims(manager, options["claims"])
    return manager


jobs: Jobs
if "BENCH_WORKER" in os.environ:
    jobs = _of_environment()
