"""Examining a database, as programs do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from steve import Jobs
from steve.jobs.doctor.check import EXIT_CODES

if TYPE_CHECKING:
    from steve import Check, Diagnosis


async def examined(dsn: str, *, skip: Any = (), **settings: Any) -> Diagnosis:
    """Make all checks but those in `skip`, with a manager of their own."""
    jobs = Jobs(dsn, **{"migrate": "never", "connect_timeout": 5.0, **settings})
    try:
        return await jobs.doctor(skip=skip)
    finally:
        await jobs.close()


async def looked(dsn: str, name: str, **settings: Any) -> Check:
    """Make a single check."""
    others = [other for other in EXIT_CODES if other != name]
    [check] = (await examined(dsn, skip=others, **settings)).checks
    assert check.name == name
    return check


def sql(dsn: str, *statements: str) -> list[Any]:
    """Run statements one after the other, each by itself; the rows of the last one."""
    rows: list[Any] = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
            # Not by its description, which is empty for rows without columns.
            rows = cursor.fetchall() if cursor.rownumber is not None else []
    return rows
