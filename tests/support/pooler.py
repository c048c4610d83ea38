"""What a transaction pooler does to LISTEN: it is accepted, and nothing ever comes."""

from __future__ import annotations

import asyncio
from typing import Any

from support.network import Proxy

_NOTIFICATION = b"A"


class DeafProxy(Proxy):
    """Passes on everything but notifications, and shows another process id than the backend's."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, pose_as_pooler=True)
        # Encryption is negotiated in another form than that of messages.
        self._upstream["gssencmode"] = "disable"

    async def _pump(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        gate: asyncio.Event,
        *,
        answers: bool,
    ) -> None:
        heard: Any = _Messages(source) if answers else source
        await super()._pump(heard, target, gate, answers=answers)


class _Messages:
    """Reads whole messages of a server, and leaves out notifications."""

    def __init__(self, source: asyncio.StreamReader) -> None:
        self._source = source

    async def read(self, _size: int) -> Any:
        try:
            while True:
                kind = await self._source.readexactly(1)
                length = await self._source.readexactly(4)
                body = await self._source.readexactly(int.from_bytes(length, "big") - 4)
                if kind != _NOTIFICATION:
                    return kind + length + body
        except asyncio.IncompleteReadError:
            return b""
