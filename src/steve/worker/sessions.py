"""A transaction on a connection that is lent to a handler, in both colours of psycopg."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import psycopg

from steve.database.execute import execute, execute_blocking
from steve.database.terse import TerseAsyncConnection, TerseConnection
from steve.operations.operation import Operation

if TYPE_CHECKING:
    from psycopg.abc import PQGen

    from steve.worker.transactions import Transactions

T = TypeVar("T")
_LEFT = (
    "the job.transaction() block was left: its connection is closed to the handler, "
    "and commits when the handler returns"
)


class LentAsyncConnection(TerseAsyncConnection):
    """A connection that works for its borrower only while it is lent."""

    lent = True

    async def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        if not self.lent:
            gen.close()
            raise psycopg.ProgrammingError(_LEFT)
        return await super().wait(gen, interval, timeout)


class LentConnection(TerseConnection):
    """The blocking one."""

    lent = True

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        if not self.lent:
            gen.close()
            raise psycopg.ProgrammingError(_LEFT)
        return super().wait(gen, interval, timeout)


class AsyncSession:
    """A transaction that an `async def` handler writes in."""

    def __init__(self, office: Transactions, connection: LentAsyncConnection) -> None:
        self.connection = connection
        self._office = office
        # Within its block psycopg refuses commit() and rollback() by hand.
        self._block = connection.transaction()
        self._over = False

    @classmethod
    async def begin(cls, office: Transactions) -> AsyncSession:
        """Take a connection, waiting for one if need be, and begin."""
        session = cls(office, await office.borrow())
        try:
            await session._block.__aenter__()
        except BaseException:
            await office.give_back(session.connection)
            raise
        return session

    async def run(self, operation: Operation[T], schema: str) -> T:
        """Run one of our own operations in the transaction."""
        self.connection.lent = True
        return await execute(self.connection, operation, schema)

    async def end(self, *, commit: bool) -> None:
        """Commit, or roll back, and give the connection back. Raises when a commit fails.

        Ending it again does nothing: a failed commit has rolled back.
        """
        if self._over:
            return
        self._over = True
        self.connection.lent = True
        try:
            if commit:
                await self._block.__aexit__(None, None, None)
            else:
                with suppress(psycopg.Error):
                    undo = psycopg.Rollback()
                    await self._block.__aexit__(type(undo), undo, None)
        finally:
            await self._office.give_back(self.connection)


class BlockingSession:
    """A transaction that a `def` handler writes in, from its thread."""

    def __init__(self, office: Transactions, connection: LentConnection) -> None:
        self.connection = connection
        self._office = office
        self._block = connection.transaction()
        self._over = False

    @classmethod
    def begin(cls, office: Transactions) -> BlockingSession:
        """Take a connection, waiting for one if need be, and begin."""
        session = cls(office, office.borrow_blocking())
        try:
            session._block.__enter__()
        except BaseException:
            office.give_back_blocking(session.connection)
            raise
        return session

    def run(self, operation: Operation[T], schema: str) -> T:
        """Run one of our own operations in the transaction."""
        self.connection.lent = True
        return execute_blocking(self.connection, operation, schema)

    def end(self, *, commit: bool) -> None:
        """Commit, or roll back, and give the connection back. Raises when a commit fails.

        Ending it again does nothing: a failed commit has rolled back.
        """
        if self._over:
            return
        self._over = True
        self.connection.lent = True
        try:
            if commit:
                self._block.__exit__(None, None, None)
            else:
                with suppress(psycopg.Error):
                    undo = psycopg.Rollback()
                    self._block.__exit__(type(undo), undo, None)
        finally:
            self._office.give_back_blocking(self.connection)
