"""Databases for single tests, made by copying a prepared one."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import conninfo, sql

if TYPE_CHECKING:
    from collections.abc import Iterator


class Databases:
    """Makes and drops databases on one server."""

    def __init__(self, server_dsn: str) -> None:
        self._server_dsn = server_dsn
        self._connection = psycopg.connect(server_dsn, autocommit=True)

    def close(self) -> None:
        self._connection.close()

    def create(self, template: str | None = None) -> str:
        """Make a database, empty or a copy of `template`, and return its name."""
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        name = f"test_{worker}_{uuid.uuid4().hex[:12]}"
        self._connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template or "template0")
            )
        )
        return name

    def drop(self, name: str) -> None:
        """Drop a database, with whoever is still connected to it."""
        self._connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def rename(self, name: str, new: str) -> None:
        """Give a database another name, having thrown out who is connected to it."""
        self._connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        self._connection.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(name), sql.Identifier(new)
            )
        )

    def dsn(self, name: str) -> str:
        return conninfo.make_conninfo(self._server_dsn, dbname=name)

    @contextmanager
    def temporary(self, template: str | None = None) -> Iterator[str]:
        """The DSN of a database that exists as long as the block runs."""
        name = self.create(template)
        try:
            yield self.dsn(name)
        finally:
            self.drop(name)
