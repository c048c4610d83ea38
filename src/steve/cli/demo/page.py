"""The monitor of the demo."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steve.jobs.manager import Jobs

HOST = "127.0.0.1"
PORT = 8585
PAGE = "#/jobs"
MISSING = 'the monitor is not installed: pip install "pg-steve[monitor]"'


@contextmanager
def reserved() -> Generator[socket.socket | None, None, None]:
    """Take an address for as long as the block runs, the usual one if it is free.

    Who asks there before anything is served waits. None where the monitor is not installed.
    """
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        yield None
        return
    from steve.monitor.serving import listen

    try:
        listening = listen(HOST, PORT)
    except OSError:
        listening = listen(HOST, 0)
    with listening:
        yield listening


def address(listening: socket.socket) -> str:
    """Return the URL of the page that shows the jobs."""
    return f"http://{HOST}:{listening.getsockname()[1]}/{PAGE}"


@asynccontextmanager
async def served(jobs: Jobs, listening: socket.socket | None) -> AsyncGenerator[None, None]:
    """Serve the monitor for as long as the block runs. It may do everything: these are toys."""
    if listening is None:
        yield
        return
    from steve.monitor.serving import serve_on

    async with serve_on(jobs.monitor(actions=True, title="steve demo"), listening):
        yield
