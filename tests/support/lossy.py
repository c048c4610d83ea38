"""A way to PostgreSQL on which single answers get lost, as when a network fails right then."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from psycopg import conninfo

from support.network import HOST

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_SIZE = 1 << 16


class LossyProxy:
    """Passes everything on, but for the answers that `lose` asks for.

    Connections are known by their application_name, which is in their first packet.
    """

    def __init__(self, dsn: str) -> None:
        self._upstream = conninfo.conninfo_to_dict(dsn)
        self._tasks: set[asyncio.Task[None]] = set()
        self._doomed: dict[bytes, tuple[bytes, int, asyncio.Event]] = {}
        self.dsn = ""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[LossyProxy, None]:
        server = await asyncio.start_server(self._serve, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        self.dsn = conninfo.make_conninfo(
            **{**self._upstream, "host": HOST, "port": port, "sslmode": "disable"},
            gssencmode="disable",
        )
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def lose(self, name: str, request: bytes = b"", *, skip: int = 0) -> asyncio.Event:
        """Lose the answer to the next request on a connection of that name, and cut it.

        `request` is to be part of what the client sends; of those that follow, `skip` are let
        through. The event is set when it has happened: the server has done what it was asked to,
        and nobody has heard of it.
        """
        lost = asyncio.Event()
        self._doomed[name.encode()] = request, skip, lost
        return lost

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        host, port = str(self._upstream.get("host")), self._upstream.get("port") or 5432
        if host.startswith("/"):
            back, to = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            back, to = await asyncio.open_connection(host, int(port))
        pumps: set[asyncio.Task[None]] = set()
        try:
            first = await reader.read(_SIZE)
            to.write(first)
            dropping: list[asyncio.Event] = []
            pumps = {
                asyncio.create_task(self._requests(first, reader, to, dropping)),
                asyncio.create_task(_answers(back, writer, dropping)),
            }
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            writer.close()
            to.close()
            self._tasks.discard(task)

    async def _requests(
        self,
        first: bytes,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        dropping: list[asyncio.Event],
    ) -> None:
        while data := await source.read(_SIZE):
            for name, (request, skip, lost) in list(self._doomed.items()):
                if name not in first or request not in data:
                    continue
                if skip:
                    self._doomed[name] = b"", skip - 1, lost
                else:
                    del self._doomed[name]
                    dropping.append(lost)
            target.write(data)
            await target.drain()


async def _answers(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, dropping: list[asyncio.Event]
) -> None:
    while data := await source.read(_SIZE):
        if dropping:
            # All of it has come when the server says that it is ready for the next request.
            while data[-6:-1] != b"Z\0\0\0\5" and (more := await source.read(_SIZE)):
                data += more
            dropping[0].set()
            return
        target.write(data)
        await target.drain()
