"""A network that is cut at exactly the moment that matters."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from psycopg import conninfo

from support.network import HOST

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

_SIZE = 1 << 16


class CuttingProxy:
    """Stands between a client and PostgreSQL, and passes everything on until told otherwise.

    Each of the three acts once, upon the next request to carry out what contains `pattern`, and
    sets `acted`. To have a statement prepared is not to have it carried out.

    - `lose_request`: the connection is cut and the server never sees the request
    - `lose_answer`: the server carries it out, then the connection is cut
    - `hold_request`: the client's connection is cut, the server gets the request upon `release`
    """

    def __init__(self, dsn: str) -> None:
        self._upstream = conninfo.conninfo_to_dict(dsn)
        self._plan: tuple[str, bytes] | None = None
        self._prepared: bytes | None = None
        self._released = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._refusing = False
        self.acted = asyncio.Event()
        self.dsn = ""

    def lose_request(self, pattern: bytes) -> None:
        self._arm("request", pattern)

    def lose_answer(self, pattern: bytes) -> None:
        self._arm("answer", pattern)

    def hold_request(self, pattern: bytes) -> None:
        self._arm("hold", pattern)

    def release(self) -> None:
        self._released.set()

    def refuse(self) -> None:
        """Let nobody connect any more."""
        self._refusing = True

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[CuttingProxy, None]:
        server = await asyncio.start_server(self._serve, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        self.dsn = conninfo.make_conninfo(
            **{**self._upstream, "host": HOST, "port": port, "sslmode": "disable"},
            gssencmode="disable",
        )
        try:
            yield self
        finally:
            self.release()
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _arm(self, what: str, pattern: bytes) -> None:
        self._plan, self._prepared = (what, pattern), None
        self.acted.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        host, port = str(self._upstream.get("host")), self._upstream.get("port") or 5432
        if host.startswith("/"):
            back, to = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            back, to = await asyncio.open_connection(host, int(port))
        losing = asyncio.Event()
        answers = asyncio.create_task(_answers(back, writer, losing))
        try:
            while data := await reader.read(_SIZE):
                what = self._due(data)
                if what == "request":
                    break
                if what == "hold":
                    writer.close()
                    await self._released.wait()
                if what is not None:
                    losing.set()
                to.write(data)
                await to.drain()
                if what is not None:
                    await answers
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            answers.cancel()
            writer.close()
            to.close()
            self._tasks.discard(task)

    def _due(self, data: bytes) -> str | None:
        if self._plan is None:
            return None
        messages = dict(_messages(data))
        if self._plan[1] in data and b"P" in messages and b"E" not in messages:
            self._prepared = messages[b"P"].partition(b"\0")[0]
            return None
        named = messages.get(b"B", b"").split(b"\0", 2)[1:2]
        if self._plan[1] not in data and named != [self._prepared]:
            return None
        what, self._plan = self._plan[0], None
        self.acted.set()
        return what


def _messages(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What a client sends at once: the kinds, as P for Parse, B for Bind, E for Execute, and the
    contents."""
    while len(data) > 4:
        end = 1 + int.from_bytes(data[1:5])
        yield data[:1], data[5:end]
        data = data[end:]


async def _answers(
    server: asyncio.StreamReader, client: asyncio.StreamWriter, losing: asyncio.Event
) -> None:
    while data := await server.read(_SIZE):
        if losing.is_set():
            return
        client.write(data)
        await client.drain()
    client.close()
