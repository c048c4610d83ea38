"""Makes partitions ahead of time, and removes those past their retention.

Nobody waits for a removal: it takes locks for a fifth of a second at most, gives up when a
forgotten reader is in the way, and goes on another time from where it stopped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import AsyncConnection

from steve.core.settings import Retention
from steve.database.execute import execute
from steve.maintenance.service import Run
from steve.operations.maintenance import (
    create_partitions,
    expired_partitions,
    forget_workers,
    remove_partition,
)
from steve.telemetry.catalogue import PartitionBusy, PartitionsRemoved
from steve.telemetry.telemetry import Telemetry

REMEMBERED = 14 * 86_400.0
"""Seconds for which dead workers are remembered."""

_IN_USE = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.ObjectInUse,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.ObjectNotInPrerequisiteState,
    psycopg.errors.UndefinedTable,
)
"""Somebody reads the partition, or another worker is removing it."""


class Partitions:
    """The partitions of the archive, of the attempts and of the log."""

    def __init__(
        self,
        run: Run,
        connect: Callable[[], Awaitable[AsyncConnection[Any]]],
        schema: str,
        retention: Retention,
        telemetry: Telemetry,
    ) -> None:
        self._run = run
        self._connect = connect
        self._schema = schema
        self._retention = retention
        self._telemetry = telemetry

    async def tend(self) -> None:
        """Make what is missing ahead, remove what is over.

        What this role may not do keeps it from nothing else, and is raised in the end.
        """
        refusals: list[psycopg.errors.InsufficientPrivilege] = []
        for step in (self._make, self._forget, self.remove_expired):
            try:
                await step()
            except psycopg.errors.InsufficientPrivilege as error:
                refusals.append(error)
        if refusals:
            raise refusals[0]

    async def _make(self) -> None:
        await self._run(create_partitions())

    async def _forget(self) -> None:
        await self._run(forget_workers(REMEMBERED))

    async def remove_expired(self) -> list[str]:
        """Remove partitions past their retention; returns those that are gone."""
        kept = self._retention
        expired = await self._run(expired_partitions(kept.completed, kept.other, kept.log))
        if not expired:
            return []
        removed: list[str] = []
        connection = await self._connect()
        try:
            for partition in expired:
                if await self._remove(connection, partition):
                    removed.append(partition)
                else:
                    self._telemetry.emit(PartitionBusy(partition))
        finally:
            await connection.close()
        if removed:
            self._telemetry.emit(PartitionsRemoved(tuple(removed)))
        return removed

    async def _remove(self, connection: AsyncConnection[Any], partition: str) -> bool:
        """Go as far as the readers allow; says whether the partition is gone."""
        with suppress(*_IN_USE):
            await execute(connection, remove_partition(partition), self._schema)
            return True
        return False
