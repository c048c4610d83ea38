"""A worker whose jobs do what their payload says: `steve worker support.player:jobs`.

A payload's `steps` are done one after the other, each an object of one member: `{"progress": [0.5,
"half"]}`, `{"log": ["info", "a line"]}`, `{"fail": "why"}`, `{"return": 1}`, and `{"hold": "cue"}`,
which waits until a file of that name is in the folder of cues.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from steve import Job, Jobs

FOLDER = Path(os.environ["PLAYER_FOLDER"])
QUEUES = ("default", "side", "other")


async def play(job: Job) -> Any:
    for step in job.payload.get("steps", ()):
        ((what, value),) = step.items()
        match what:
            case "hold":
                await hold(value)
            case "progress":
                await job.progress(*value)
            case "log":
                level, message = value
                getattr(job.log, level)("%s", message)
            case "fail":
                raise failure(job.payload.get("error", "ValueError"))(value)
            case _:
                return value
    return None


def failure(name: str) -> type[Exception]:
    """An exception class of this name, whatever the name."""
    return type(name, (Exception,), {"__module__": "builtins"})


async def hold(cue: str) -> None:
    while not (FOLDER / cue).exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.02)


jobs = Jobs(handler=play, queues=QUEUES, poll_interval=0.2, lease=3.0, grace=2.0)
