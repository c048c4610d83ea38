"""Networks that misbehave on purpose, on the loopback interface."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from psycopg import conninfo

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

HOST = "127.0.0.1"


def unused_port() -> int:
    """A port on which nobody listens: connections are refused."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that swallows packets: no answer, not even a refusal."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind((HOST, 0))
        listener.listen(0)
        # A full backlog that nobody empties: the kernel drops what comes after.
        for client in (first, second):
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextmanager
def mute_host() -> Iterator[int]:
    """A port where connections are made, and nobody ever says a word."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen(16)
        yield listener.getsockname()[1]


class Proxy:
    """Stands between a client and PostgreSQL.

    `pose_as_pooler` shows clients another process id than their backend's, as poolers do;
    `freeze` keeps connections open and lets nothing through; `halve` does that to those there are,
    as when the other side is gone without a word, and lets new ones through; `turns` counts how
    often a client spoke after the server had, however many packets that took.
    """

    def __init__(self, dsn: str, *, pose_as_pooler: bool = False) -> None:
        self._upstream = conninfo.conninfo_to_dict(dsn)
        self._pose_as_pooler = pose_as_pooler
        self._pass = asyncio.Event()
        self._pass.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.turns = 0
        self._server_spoke = True
        self.dsn = ""

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncGenerator[Proxy, None]:
        server = await asyncio.start_server(self._serve, HOST, port)
        port = server.sockets[0].getsockname()[1]
        self.dsn = conninfo.make_conninfo(
            **{**self._upstream, "host": HOST, "port": port, "sslmode": "disable"}
        )
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def freeze(self) -> None:
        self._pass.clear()

    def thaw(self) -> None:
        self._pass.set()

    def halve(self) -> None:
        self.freeze()
        self._pass = asyncio.Event()
        self._pass.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        host, port = self._upstream.get("host"), self._upstream.get("port") or 5432
        if host and str(host).startswith("/"):
            upstream = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            upstream = await asyncio.open_connection(str(host), int(port))
        gate = self._pass
        try:
            await asyncio.gather(
                self._pump(reader, upstream[1], gate, answers=False),
                self._pump(upstream[0], writer, gate, answers=True),
            )
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            upstream[1].close()
            self._tasks.discard(task)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        gate: asyncio.Event,
        *,
        answers: bool,
    ) -> None:
        while data := await source.read(1 << 16):
            await gate.wait()
            self.turns += self._server_spoke and not answers
            self._server_spoke = answers
            if answers and self._pose_as_pooler:
                data = _with_another_process_id(data)
            target.write(data)
            await target.drain()
        target.close()


def _with_another_process_id(data: bytes) -> bytes:
    """Change the process id in a BackendKeyData message: K, length 12, id, secret."""
    start = data.find(b"K\x00\x00\x00\x0c")
    if start < 0:
        return data
    return data[: start + 5] + struct.pack("!I", 1) + data[start + 9 :]
