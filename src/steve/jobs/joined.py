"""Running on a connection that somebody lends us, within whatever transaction it is in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, LiteralString, Protocol, TypeVar, cast

from psycopg import AsyncConnection, Connection
from psycopg.pq import PipelineStatus
from psycopg.rows import tuple_row

from steve.core.errors import OptionTypeError
from steve.database.adapters import AsyncOwnCursor, OwnCursor
from steve.database.execute import execute, execute_blocking
from steve.operations.create import clock
from steve.operations.operation import Operation

T = TypeVar("T")
Row = Sequence[Any]


class Rows(Protocol):
    """Takes the rows of a COPY."""

    async def write(self, rows: Iterable[Row]) -> None: ...


class Joined(Protocol):
    """A connection, of either colour, that is used and left as it was found."""

    @property
    def in_pipeline(self) -> bool:
        """Whether statements are sent ahead of answers: a COPY is impossible then."""
        ...

    async def run(self, operation: Operation[T], schema: str) -> T:
        """Run an operation in the transaction that there is."""
        ...

    def block(self, schema: str) -> AbstractAsyncBlock:
        """Do everything in the block or nothing. Whether it lasts is up to the connection."""
        ...

    def copy(self, statement: str) -> AbstractAsyncRows:
        """Send rows."""
        ...
