"""The manager's database, as the monitor uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from psycopg import AsyncConnection

from steve.database.execute import execute
from steve.jobs.controlling import Controlling
from steve.jobs.monitoring import Inside
from steve.jobs.runtime import Runtime
from steve.jobs.trouble import explained
from steve.operations.operation import Operation

T = TypeVar("T")


class Source:
    """Runs operations. Raises what the database raises, and `SchemaMissing`."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    @property
    def schema(self) -> str:
        return self._inside.schema

    @property
    def jobs(self) -> Controlling:
        """The manager."""
        return self._inside.jobs

    async def opened(self) -> Runtime:
        """What the open manager holds."""
        return await self._inside.opened()

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation in a transaction of its own."""
        runtime = await self.opened()
        with explained(self.schema):
            return await runtime.database.run(operation)

    async def transact(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do several things in one transaction, anew if the database rolls it back."""
        runtime = await self.opened()
        with explained(self.schema):
            return await runtime.database.transact(
                lambda connection: work(Transaction(connection, self.schema))
            )

    async def tell(self, cancelled: Sequence[UUID]) -> None:
        """Let those in this process know that these jobs are over."""
        await self._inside.tell(cancelled)


class Transaction:
    """Runs operations that take effect together."""

    def __init__(self, connection: AsyncConnection[Any], schema: str) -> None:
        self._connection = connection
        self._schema = schema

    async def run(self, operation: Operation[T]) -> T:
        return await execute(self._connection, operation, self._schema)
