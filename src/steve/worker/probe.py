"""An HTTP endpoint for orchestrators: is the worker alive, is it ready?

`GET /healthz` and `GET /readyz` answer 200 or 503 with a line of text. The answers come from the
worker's own event loop, so one that is blocked does not answer at all, which is the truth too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

PATIENCE = 5.0
"""Seconds that a client has for its request."""

_LONGEST_REQUEST = 8192
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}

Question = Callable[[], bool]


class Probe:
    """Answers as long as it is started. Port 0 takes any free one; `port` says which."""

    def __init__(self, alive: Question, ready: Question, *, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._questions = {"/healthz": ("alive", alive), "/readyz": ("ready", ready)}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to answer. Raises OSError when the address cannot be had."""
        self._server = await asyncio.start_server(
            self._serve, self.host, self.port, limit=_LONGEST_REQUEST
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), PATIENCE)
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                status, text = await self._answer(reader)
                writer.write(_response(status, text))
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, str]:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _version = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            return 400, "not HTTP"
        question = self._questions.get(target.partition("?")[0])
        if question is None:
            return 404, "ask for /healthz or /readyz"
        if method != "GET":
            return 405, "GET only"
        word, asked = question
        return (200, word) if asked() else (503, f"not {word}")


def _response(status: int, text: str) -> bytes:
    body = f"{text}\n".encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
