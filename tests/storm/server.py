"""The PostgreSQL of a storm: of its own, with every durability setting on, to be ended at will."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from steve.database.embedded.finder import find
from steve.database.embedded.identity import choose
from storm import audit
from support.network import HOST, unused_port

DATABASE = "storm"
ROLE = "storm"
"""Owns the database, and is no superuser: workers cannot use what is reserved for those."""

SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_connections": "60",
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "30s",
    "deadlock_timeout": "50ms",
    "jit": "off",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "unix_socket_directories": "''",
    "listen_addresses": f"'{HOST}'",
}
PATIENCE = 60.0
"""Seconds that it may take to start."""

STOPS_WITHIN = 15.0
"""Seconds that it may take to stop, before it is killed: PostgreSQL 18 has been seen to wait for
its checkpointer, and the checkpointer for it, when it was told to stop while it recovered."""


class Server:
    """A cluster in `folder`, which has to be reachable for whoever the server runs as."""

    def __init__(
        self, folder: Path, *, binaries: Path | None = None, settings: dict[str, str] | None = None
    ) -> None:
        self._binaries = find(only=binaries)
        self._identity = choose(self._binaries.directory / "postgres", folder)
        self.folder = folder
        self._data = folder / "data"
        self._settings = {**SETTINGS, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / "postgres.log"
        self.port = unused_port()

    @property
    def version(self) -> str:
        return str(self._binaries.version)

    @property
    def wal(self) -> Path:
        """The folder of the write-ahead log."""
        return self._data / "pg_wal"

    def dsn(self, *, user: str = ROLE, database: str = DATABASE, port: int | None = None) -> str:
        """The address of the server, or of what passes its connections on at `port`."""
        return f"postgresql://{user}@{HOST}:{port or self.port}/{database}?sslmode=disable"

    @property
    def admin(self) -> str:
        """The address for the driver itself, a superuser."""
        return self.dsn(user="postgres")

    def initialise(self, wal: Path | None = None) -> None:
        """Make the cluster, its write-ahead log in `wal` if given."""
        self._identity.own(self._data.parent, *([wal] if wal else []))
        command = [
            *(self._binaries.directory / "initdb", "-D", self._data, "-U", "postgres"),
            *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"),
            *(("-X", wal) if wal else ()),
        ]
        subprocess.run(
            command, check=True, capture_output=True, env=_environment(), preexec_fn=self._follow
        )
        lines = [f"{name} = {value}\n" for name, value in self._settings.items()]
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines([f"port = {self.port}\n", *lines])

    async def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._identity.own(self._data.parent)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries.directory / "postgres", "-D", self._data],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment(),
                preexec_fn=self._follow,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not await self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()[-2000:]}")
            await asyncio.sleep(0.05)

    async def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            await self.run("select 1", database="postgres")
        except psycopg.OperationalError:
            return False
        return True

    async def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it and wait for its end: SIGINT is a fast stop, SIGQUIT an immediate one.

        After SIGKILL of the postmaster, its children end by themselves.
        """
        process = self._process
        if process is None:
            return
        process.send_signal(how)
        deadline = time.monotonic() + STOPS_WITHIN
        while process.poll() is None:
            if time.monotonic() > deadline:
                process.kill()
            await asyncio.sleep(0.02)
        await self._children_gone()
        self._process = None

    @property
    def alive(self) -> bool:
        """Whether the postmaster runs."""
        return self._process is not None and self._process.poll() is None

    async def run(self, query: str, *values: Any, database: str = DATABASE) -> list[Any]:
        """Run a statement as a superuser, on a connection of its own; returns its rows."""
        async with await psycopg.AsyncConnection.connect(
            self.dsn(user="postgres", database=database), autocommit=True, connect_timeout=5
        ) as connection:
            cursor = await connection.execute(query.encode(), values or None)
            return await cursor.fetchall() if cursor.description else []

    async def prepare(self) -> None:
        """Make the role, its database with schema `steve` in it, and the triggers of the audit."""
        from steve.database.migrate import migrate

        for statement in (
            f"create role {ROLE} login",
            f"create database {DATABASE} owner {ROLE}",
        ):
            await self.run(statement, database="postgres")
        async with await psycopg.AsyncConnection.connect(self.dsn(), autocommit=True) as own:
            await migrate(own, "steve")
        with psycopg.connect(self.admin, autocommit=True) as connection:
            audit.install(connection)

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to one of its processes."""
        os.kill(pid, number)

    async def set(self, name: str, value: str) -> None:
        """Change a setting for all sessions."""
        await self.run(
            sql.SQL("alter system set {} = {}").format(sql.Identifier(name), value).as_string()
        )
        await self.run("select pg_reload_conf()")

    async def reset(self) -> None:
        """Put all settings back, as soon as the server is there."""
        while True:
            try:
                await self.run("alter system reset all")
                await self.run("select pg_reload_conf()")
            except psycopg.OperationalError:
                await asyncio.sleep(0.1)
            else:
                return

    def said(self, text: str, since: int = 0) -> int:
        """How often the server's log has that text, from a place on."""
        with self.log.open("rb") as file:
            file.seek(since)
            return file.read().count(text.encode())

    def log_size(self) -> int:
        """The place where the log ends now."""
        return self.log.stat().st_size

    async def _children_gone(self) -> None:
        """Wait until nobody holds the data directory any more."""
        pid_file = self._data / "postmaster.pid"
        deadline = time.monotonic() + PATIENCE
        while self._shared_memory_in_use() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        pid_file.unlink(missing_ok=True)

    def _shared_memory_in_use(self) -> bool:
        """Whether a process of this server still runs, told by its working directory."""
        data = str(self._data)
        for entry in Path("/proc").glob("[0-9]*/cwd"):
            try:
                if str(entry.readlink()) == data:
                    return True
            except OSError:
                continue
        return False

    def _follow(self) -> None:
        self._identity.enter(os.getppid(), signal.SIGINT)


def _environment() -> dict[str, str]:
    """Ours, without libpq's variables, some of which the server would obey as well."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}
