"""Installing and removing the schema."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from steve.core.errors import WorkersAlive
from steve.database import migrate as schema
from steve.database.execute import execute
from steve.database.grants import Grants, check_grants, migrate_and_grant
from steve.jobs.opened import Opened
from steve.operations.worker import alive


class Installing(Opened):
    """The part of the manager that looks after the tables."""

    async def migrate(self, *, grant: Grants | None = None) -> None:
        """Install the schema or bring it up to date, whatever the setting `migrate` says.

        `grant` names roles that are to create jobs, run them or look at them, each part a role or
        several: `{"producer": "web", "worker": ["crew", "batch"], "monitor": "grafana"}`.

        Raises `SchemaError` when that is not possible, before anything is changed when there is no
        such role.
        """
        grants = check_grants(grant or {})
        runtime = await self._opened(prepared=False)
        async with runtime.connection() as connection:
            await migrate_and_grant(connection, self._settings.schema, grants)
        runtime.prepared = True

    async def reset(self, *, force: bool = False) -> None:
        """Drop all jobs and install the schema anew, also where it was not installed.

        Raises `WorkersAlive` while workers are alive, unless `force`.
        """
        runtime = await self._opened(prepared=False)
        async with runtime.connection() as connection:
            await self._drop(connection, force=force)
            await schema.migrate(connection, self._settings.schema)

    async def uninstall(self, *, force: bool = False) -> None:
        """Drop the schema with all jobs. The next use of the manager installs it again.

        Raises `WorkersAlive` while workers are alive, unless `force`.
        """
        runtime = await self._opened(prepared=False)
        async with runtime.connection() as connection:
            await self._drop(connection, force=force)
        runtime.prepared = False

    async def _drop(self, connection: AsyncConnection[Any], *, force: bool) -> None:
        name = self._settings.schema
        if not force and await schema.version(connection, name) > 0:
            # In a transaction also for connections without autocommit, which else stay in one.
            async with connection.transaction():
                workers = await execute(connection, alive(), name)
            if workers:
                shown = ", ".join(f"{worker.name} (worker {worker.id})" for worker in workers[:5])
                more = f" and {len(workers) - 5} more" if len(workers) > 5 else ""
                raise WorkersAlive(
                    f"workers are alive in schema {name!r}: {shown}{more}; stop them first, "
                    "or pass force=True"
                )
        await schema.uninstall(connection, name)
