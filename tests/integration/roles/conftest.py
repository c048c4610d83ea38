"""Roles that were granted a part, and can do nothing else on the server."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from psycopg import conninfo
from psycopg.sql import SQL, Identifier

from steve import Jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

MakeRole = Callable[..., str]


@pytest.fixture(autouse=True)
def make_role(server_dsn: str) -> Iterator[MakeRole]:
    """Makes roles of the server that may log in, and nothing else.

    They outlive the test's databases, and with them what they own and were granted there.
    """
    made: list[Identifier] = []
    with psycopg.connect(server_dsn, autocommit=True) as connection:

        def make(name: str, options: LiteralString = "login") -> str:
            # Other tests use the server at the same time.
            name = f"{name} {uuid.uuid4().hex[:12]}"
            role = Identifier(name)
            create = SQL("create role {} {} password 'made up'")
            connection.execute(create.format(role, SQL(options)))
            made.append(role)
            return name

        yield make
        for role in made:
            connection.execute(SQL("drop role {}").format(role))


def login(dsn: str, role: str) -> str:
    return conninfo.make_conninfo(dsn, user=role, password="made up")


@pytest.fixture
def parts(migrated_dsn: str, make_role: MakeRole) -> dict[str, str]:
    """The DSN of a role of each part, under names that need quotes."""
    roles = {part: make_role(f'The "{part}"') for part in ("producer", "worker", "monitor")}
    asyncio.run(grant(migrated_dsn, roles))
    return {part: login(migrated_dsn, role) for part, role in roles.items()}


async def grant(dsn: str, roles: Any) -> None:
    jobs = Jobs(dsn)
    try:
        await jobs.migrate(grant=roles)
    finally:
        await jobs.close()
