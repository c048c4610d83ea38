"""Connections that say in one line why they were not made: their pool logs it each time, and
psycopg has a paragraph for each host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import AsyncConnection, Connection

from steve.database.refusal import refusal

if TYPE_CHECKING:
    from typing import Self


class TerseAsyncConnection(AsyncConnection[Any]):
    """The async one."""

    @classmethod
    async def connect(cls, conninfo: str = "", **others: Any) -> Self:
        try:
            return await super().connect(conninfo, **others)
        except psycopg.OperationalError as error:
            found = refusal(error, conninfo)
        raise psycopg.OperationalError(found.reason)


class TerseConnection(Connection[Any]):
    """The blocking one."""

    @classmethod
    def connect(cls, conninfo: str = "", **others: Any) -> Self:
        try:
            return super().connect(conninfo, **others)
        except psycopg.OperationalError as error:
            found = refusal(error, conninfo)
        raise psycopg.OperationalError(found.reason)
