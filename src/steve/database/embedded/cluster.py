"""PostgreSQL's data directory: made once, configured at every start, served by one process."""

from __future__ import annotations

import locale
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steve.core.errors import EmbeddedUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from steve.database.embedded.finder import Binaries
    from steve.database.embedded.identity import Identity
    from steve.database.embedded.locks import FileLock
    from steve.database.embedded.paths import Layout

SETTINGS = {
    "autovacuum_naptime": "15s",  # a queue's dead rows are worth taking away early
    "checkpoint_timeout": "15min",
    "jit": "off",  # statements of a queue are short: compiling them costs more than it saves
    "listen_addresses": "''",  # the private socket is the only way in
    "log_timezone": "UTC",
    "max_connections": "200",
    "max_locks_per_transaction": "256",  # dropping a schema locks every partition in it
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "port": "5432",
    "random_page_cost": "1.1",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "unix_socket_permissions": "0700",
}
"""For development on a small machine. Nothing in here gives up durability."""

SETTINGS_FILE = "steve.conf"
UNFINISHED = "unfinished-"


@dataclass(frozen=True)
class Cluster:
    """One data directory with the programs and the identity that serve it."""

    layout: Layout
    binaries: Binaries
    identity: Identity

    def ensure(self) -> None:
        """Make the data directory unless it is there, and write our settings into it.

        Raises:
            EmbeddedUnavailable: initdb failed; the message has its words.
        """
        for leftover in self.layout.directory.glob(f"{UNFINISHED}*"):
            shutil.rmtree(leftover)
        if not self.layout.data.exists():
            self._initialise()
        # No server runs while we are here, so this is the remainder of one that was killed. Its
        # process id may meanwhile be somebody else's, for which PostgreSQL would refuse to start.
        (self.layout.data / "postmaster.pid").unlink(missing_ok=True)
        lines = (f"{name} = {value}\n" for name, value in SETTINGS.items())
        (self.layout.data / SETTINGS_FILE).write_text(
            "# Rewritten at every start: use ALTER SYSTEM for settings of your own.\n"
            + "".join(lines)
        )

    def serve(self, socket_directory: Path, lock: FileLock) -> subprocess.Popen[bytes]:
        """Start the server. It and all its children inherit `lock`."""
        self.identity.own(self.layout.directory, socket_directory)
        return subprocess.Popen(
            [
                self.binaries.directory / "postgres",
                *("-D", self.layout.data),
                *("-k", socket_directory),
            ],
            stdin=subprocess.DEVNULL,
            pass_fds=[lock.descriptor],
            env=_environment(),
            preexec_fn=self._follower(signal.SIGINT),
        )

    def ready(self) -> bool:
        """Whether the running server takes connections, by its own account."""
        try:
            lines = (self.layout.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _initialise(self) -> None:
        # Under another name first: what a killed initdb leaves behind never looks like data.
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.layout.directory))
        self.identity.own(self.layout.directory)
        done = subprocess.run(
            [
                self.binaries.directory / "initdb",
                *("-D", unfinished),
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                f"--locale={_locale()}",
                "--no-instructions",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
            preexec_fn=self._follower(signal.SIGKILL),
            check=False,
        )
        if done.returncode:
            words = done.stdout.decode(errors="replace").strip()
            raise EmbeddedUnavailable(
                f"The embedded PostgreSQL could not make its data directory {self.layout.data} "
                f"with {self.binaries}, run {self.identity}. initdb said:\n{words}\n"
                "Mend that, or name your own database: STEVE_DATABASE_URL or Jobs(db=…)."
            )
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write(f"\ninclude_if_exists = '{SETTINGS_FILE}'\n")
        unfinished.rename(self.layout.data)

    def _follower(self, death_signal: signal.Signals) -> Callable[[], None]:
        parent = os.getpid()
        return lambda: self.identity.enter(parent, death_signal)


def _environment() -> dict[str, str]:
    """Ours, without libpq's variables, some of which the server would obey as well."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def _locale() -> str:
    """C.UTF-8 where the system has it: sorted by code point, and it knows letters beyond ASCII."""
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    return "C.UTF-8"
