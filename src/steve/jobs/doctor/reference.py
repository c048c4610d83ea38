"""What a schema should be: what the migrations make on this server."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
from psycopg import AsyncConnection

from steve.database.execute import execute
from steve.database.rehearsal import rehearsed
from steve.jobs.doctor.asking import Trouble, trouble
from steve.jobs.doctor.thresholds import LOCK_TIMEOUT, STATEMENT_TIMEOUT
from steve.operations.doctor import Thing, catalogue, limits, scratch

SCRATCH = f"steve_doctor_{uuid.uuid4().hex[:16]}"
"""A schema that nobody else ever sees. One name for all rehearsals of a process."""

_known: dict[tuple[int, int], list[Thing]] = {}
"""By version of the server and of the schema, as what one makes of the other does not change. A
rehearsal takes a third of a second and leaves 2 MB of dead rows in the catalogues, for autovacuum:
nothing once a night, too much for a program that looks every minute."""


async def reference(connection: AsyncConnection[Any], version: int) -> list[Thing] | Trouble:
    """Return what the schema SCRATCH consists of at `version`, or why that cannot be had."""
    key = connection.info.server_version, version
    if key not in _known:
        try:
            bounds = limits(LOCK_TIMEOUT, STATEMENT_TIMEOUT, read_only=False)
            async with rehearsed(connection, SCRATCH, version, [bounds, scratch()]):
                _known[key] = await execute(connection, catalogue(SCRATCH), SCRATCH, prepare=False)
        except psycopg.Error as error:
            return trouble(error)
    return _known[key]
