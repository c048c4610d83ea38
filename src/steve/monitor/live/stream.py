"""The response that does not end: server-sent events."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from steve.monitor.live.client import Client
from steve.monitor.problems import Refused

KEEP_ALIVE_SECONDS = 15.0
LONGEST_SECONDS = 3600.0
"""Then the page comes again, and is asked again who it is."""

_HEADERS = {"x-accel-buffering": "no"}


class Joined(Protocol):
    """Where pages join and leave."""

    def join(self) -> Client:
        """Raises `Refused` where there is no room for another."""
        ...

    def leave(self, client: Client) -> None: ...


class Stream(Response):
    """Sends a page what comes for it, until one of both goes."""

    def __init__(self, hub: Joined) -> None:
        super().__init__(headers=_HEADERS, media_type="text/event-stream")
        del self.headers["content-length"]
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        if scope["method"] == "HEAD":
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        try:
            client = self._hub.join()
        except Refused as refused:
            await refused.response()(scope, receive, send)
            return
        try:
            await send(start)
            await _follow(client, receive, send)
        finally:
            self._hub.leave(client)


async def _follow(client: Client, receive: Receive, send: Send) -> None:
    tasks = [
        asyncio.create_task(each)
        for each in (_send(client, send), _gone(receive), client.left.wait())
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(client: Client, send: Send) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_SECONDS):
            while (text := await _next(client)) is not None:
                await send({"type": "http.response.body", "body": text, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _next(client: Client) -> bytes | None:
    try:
        async with asyncio.timeout(KEEP_ALIVE_SECONDS):
            return await client.next()
    except TimeoutError:
        return b": still here\n\n"


async def _gone(receive: Receive) -> None:
    message: Any = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()
