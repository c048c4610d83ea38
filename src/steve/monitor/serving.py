"""Serving the monitor from a loop that does other things too."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn

from steve.jobs.monitoring import Application

BACKLOG = 512
STOP_SECONDS = 1
"""How long requests may take that are under way when it stops."""


class _Server(uvicorn.Server):
    """A server that leaves signals to others, and says when it has begun."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()


@asynccontextmanager
async def serve(application: Application, host: str, port: int) -> AsyncGenerator[str, None]:
    """Serve at this address for as long as the block runs; gives the URL. Port 0 is any free one.

    Raises OSError when the address cannot be taken.
    """
    with listen(host, port) as listening:
        async with serve_on(application, listening):
            yield _url(host, listening.getsockname()[1])


@asynccontextmanager
async def serve_on(
    application: Application, listening: socket.socket
) -> AsyncGenerator[None, None]:
    """Serve on a socket that listens already, for as long as the block runs."""
    config = uvicorn.Config(
        _asgi(application),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listening]), name="steve monitor server")
    try:
        begun = asyncio.create_task(server.begun.wait())
        await asyncio.wait({task, begun}, return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        if task.done():
            task.result()
        yield
    finally:
        server.should_exit = True
        await application.close()
        await asyncio.wait({task})


def _asgi(application: Application) -> Any:
    # uvicorn looks at what it is given, and a plain function leaves it no doubt.
    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        await application(scope, receive, send)

    return asgi


def listen(host: str, port: int) -> socket.socket:
    """Take an address; who asks there waits until something is served. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
