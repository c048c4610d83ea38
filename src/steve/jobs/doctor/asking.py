"""Asking a database that may be in any state: what goes wrong is an answer too."""

from __future__ import annotations

from dataclasses import dataclass
from time import time
from typing import Any, Generic, NamedTuple, TypeVar

import psycopg
from psycopg import AsyncConnection

from steve.database.execute import execute
from steve.jobs.doctor.check import Finding
from steve.jobs.doctor.thresholds import LOCK_TIMEOUT, STATEMENT_TIMEOUT
from steve.operations.doctor import limits
from steve.operations.operation import Operation

T = TypeVar("T")

NO_PRIVILEGE = "42501"
_NOT_THERE = frozenset({"3F000", "42P01", "42703", "42883", "42704"})
_IN_THE_WAY = frozenset({"55P03", "57014"})


class Trouble(NamedTuple):
    """Why there is no answer. `state` is the SQLSTATE, where there is one."""

    reason: str
    state: str | None

    @property
    def missing(self) -> bool:
        """Whether something that was asked for does not exist."""
        return self.state in _NOT_THERE

    def finding(self) -> Finding:
        """Say what could not be looked at, and what to do about that."""
        if self.state == NO_PRIVILEGE:
            remedy = (
                "look with a role that may: the schema's owner, or one that its owner has given "
                "what the check privileges names for the part of a monitor"
            )
        elif self.missing:
            remedy = "mend what the checks schema and drift say first"
        elif self.state in _IN_THE_WAY:
            remedy = "find out who holds locks on steve's tables (pg_locks), or look again later"
        else:
            remedy = "look again; if it stays like this, look into the server's log"
        return Finding("unknown", f"this could not be looked at: {self.reason}", remedy)


def trouble(error: psycopg.Error) -> Trouble:
    """Put an error of the database in words."""
    words = error.diag.message_primary or " ".join(str(error).split()) or type(error).__name__
    return Trouble(words, error.sqlstate)


@dataclass(frozen=True, slots=True)
class Timed(Generic[T]):
    """An answer, when it was asked for and when it came, in seconds since the epoch."""

    answer: T
    began: float
    ended: float


class Asker:
    """Asks on one connection, a read-only transaction for each question."""

    def __init__(self, connection: AsyncConnection[Any], schema: str) -> None:
        self.connection = connection
        self.schema = schema

    async def ask(self, operation: Operation[T]) -> T | Trouble:
        """Return the answer, or why there is none."""
        found = await self.ask_timed(operation)
        return found if isinstance(found, Trouble) else found.answer

    async def ask_timed(self, operation: Operation[T]) -> Timed[T] | Trouble:
        """Return the answer with the times of this machine's clock around the round trip."""
        try:
            async with self.connection.transaction():
                bounds = limits(LOCK_TIMEOUT, STATEMENT_TIMEOUT)
                await execute(self.connection, bounds, self.schema, prepare=False)
                began = time()
                answer = await execute(self.connection, operation, self.schema, prepare=False)
                return Timed(answer, began, time())
        except psycopg.Error as error:
            return trouble(error)
