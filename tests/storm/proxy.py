"""The network to PostgreSQL, a port for each process, and what goes wrong there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

from support.network import HOST

_SIZE = 1 << 16


class Line:
    """A connection that goes through: it can be cut, delayed, or go deaf."""

    def __init__(self, ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self.delay = 0.0
        self.deaf = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._ends = ends

    def cut(self) -> None:
        """Reset both ends."""
        for end in self._ends:
            end.transport.abort()

    def hold(self) -> None:
        """Keep back what comes until `release`, as a network does that loses its way."""
        self._flows.clear()

    def release(self) -> None:
        self._flows.set()

    async def pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Pass on what comes, in one direction."""
        try:
            while data := await source.read(_SIZE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flows.wait()
                if self.deaf:
                    # Half-open: whoever sends is not told that nobody hears it.
                    continue
                target.write(data)
                await target.drain()
        except (ConnectionError, TimeoutError):
            pass
        finally:
            for end in self._ends:
                end.close()


class Port:
    """A way to the server for one process."""

    def __init__(self, upstream: int) -> None:
        self.number = 0
        self.lines: set[Line] = set()
        self._upstream = upstream
        self._delay = 0.0
        self._held = False
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.number = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> int:
        """Cut all connections; returns how many there were."""
        lines = list(self.lines)
        for line in lines:
            line.cut()
        return len(lines)

    def delay(self, seconds: float) -> int:
        """Delay every packet from now on, by no seconds to end that."""
        self._delay = seconds
        for line in self.lines:
            line.delay = seconds
        return len(self.lines)

    def deafen(self) -> set[Line]:
        """Lose all that is sent on the connections that there are; returns these."""
        lines = set(self.lines)
        for line in lines:
            line.deaf = True
        return lines

    def hold(self) -> int:
        """Let nothing through, on new connections neither; returns how many there are."""
        self._held = True
        for line in self.lines:
            line.hold()
        return len(self.lines)

    def release(self) -> None:
        """Let through what has waited, and what comes."""
        self._held = False
        for line in self.lines:
            line.release()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            back, to = await asyncio.open_connection(HOST, self._upstream)
        except OSError:
            writer.transport.abort()
            self._tasks.discard(task)
            return
        line = Line((writer, to))
        line.delay = self._delay
        if self._held:
            line.hold()
        self.lines.add(line)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(line.pump(reader, to))
                pumps.create_task(line.pump(back, writer))
        except asyncio.CancelledError:
            line.cut()
        finally:
            self.lines.discard(line)
            self._tasks.discard(task)


@asynccontextmanager
async def opened(upstream: int, number: int) -> AsyncGenerator[list[Port], None]:
    """So many ports, until the block is left."""
    ports = [Port(upstream) for _ in range(number)]
    try:
        for port in ports:
            await port.open()
        yield ports
    finally:
        await close(ports)


async def close(ports: Iterable[Port]) -> None:
    for port in ports:
        await port.close()
