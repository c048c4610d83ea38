"""The throw-away PostgreSQL that everything is measured on."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg

from bench.machine import cpu_of_tree, memory_bytes
from steve.database.embedded.finder import Binaries, find
from steve.database.embedded.identity import Identity, choose

SETTINGS = {
    "checkpoint_timeout": "30min",
    "full_page_writes": "on",
    "fsync": "on",
    "max_connections": "1000",
    "max_locks_per_transaction": "256",
    "max_wal_size": "8GB",
    "synchronous_commit": "on",
    "wal_level": "replica",
}
"""What differs from PostgreSQL's defaults, or must not."""

STATEMENTS = {"shared_preload_libraries": "'pg_stat_statements'"}
"""Only where statements are counted, as it costs everybody a little."""

_PATIENCE = 60.0


class Server:
    """A running server with a data directory of its own, gone when `stop` has been called."""

    def __init__(self, binaries: Binaries, directory: Path) -> None:
        self.binaries = binaries
        self.directory = directory
        self.settings = {**SETTINGS, "shared_buffers": _shared_buffers()}
        self._identity: Identity = choose(binaries.directory / "postgres", directory)
        self._data = directory / "data"
        self._log = directory / "log"
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._connections: dict[str, psycopg.Connection[Any]] = {}

    def dsn(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def initialise(self) -> None:
        """Make the data directory. Raises RuntimeError with what initdb said."""
        self._identity.own(self.directory)
        done = subprocess.run(
            [
                self.binaries.directory / "initdb",
                *("-D", self._data, "-U", "postgres", "--auth=trust", "--encoding=UTF8"),
                *("--locale=C", "--no-instructions"),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
            preexec_fn=self._follower(signal.SIGKILL),
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def start(self, *, statements: bool = False) -> None:
        """Start it, if asked to with pg_stat_statements. Raises RuntimeError with the log."""
        self._port = _free_port()
        settings = {
            **self.settings,
            **(STATEMENTS if statements else {}),
            "listen_addresses": "'127.0.0.1'",
            "port": str(self._port),
            "unix_socket_directories": "''",
        }
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self._data / "postgresql.auto.conf").write_text(lines)
        self._identity.own(self.directory)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.binaries.directory / "postgres", "-D", self._data],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,
                preexec_fn=self._follower(signal.SIGINT),
            )
        self._wait_ready()

    def stop(self) -> None:
        """Stop it; the data stays."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def rows(
        self, query: str, values: Any = None, *, database: str = "postgres"
    ) -> list[tuple[Any, ...]]:
        """Run a query on a connection that is kept; returns its rows."""
        connection = self._connections.get(database)
        if connection is None or connection.closed:
            connection = psycopg.connect(self.dsn(database), autocommit=True, prepare_threshold=1)
            self._connections[database] = connection
        cursor = connection.execute(cast("LiteralString", query), values)
        return cursor.fetchall() if cursor.description else []

    def create(self, database: str, template: str = "template1") -> None:
        """Make a database like `template`, in place of what has that name."""
        self.drop(database)
        self._leave(template)
        self.rows(f'create database "{database}" template "{template}"')

    def drop(self, database: str) -> None:
        """Drop a database with everybody connected to it."""
        self._leave(database)
        self.rows(f'drop database if exists "{database}" with (force)')

    def rename(self, database: str, name: str) -> None:
        """Give a database another name, in place of what has that name."""
        self.drop(name)
        self._leave(database)
        self.rows(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s",
            (database,),
        )
        self.rows(f'alter database "{database}" rename to "{name}"')

    def has(self, database: str) -> bool:
        """Whether there is such a database."""
        return bool(self.rows("select 1 from pg_database where datname = %s", (database,)))

    def cpu(self) -> float:
        """Seconds of CPU that all its processes have used, those that have ended included."""
        return cpu_of_tree(self._process.pid) if self._process else 0.0

    def _leave(self, database: str) -> None:
        connection = self._connections.pop(database, None)
        if connection is not None:
            connection.close()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self._process and self._process.poll() is None:
            try:
                self.rows("select 1")
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()[-3000:]}")

    def _follower(self, death_signal: signal.Signals) -> Any:
        parent = os.getpid()
        return lambda: self._identity.enter(parent, death_signal)


@contextmanager
def throw_away(binaries_folder: Path | None = None) -> Generator[Server, None, None]:
    """A new server for as long as the block runs, in a temporary directory."""
    directory = Path(tempfile.mkdtemp(prefix="steve-bench-"))
    # Whoever the server runs as must be able to get there.
    directory.chmod(0o711)
    server: Server | None = None
    try:
        server = Server(find(only=binaries_folder), directory)
        server.initialise()
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _shared_buffers() -> str:
    """An eighth of the memory, at most 2 GB."""
    return f"{max(128, min(2048, memory_bytes() // 8 // 2**20))}MB"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}
