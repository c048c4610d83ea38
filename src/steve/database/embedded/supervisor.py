"""The process that keeps one embedded PostgreSQL, and stops it after its last user has gone.

It belongs to nobody: the program that started it may die. Single-threaded on purpose, because the
kernel's "signal me when my parent dies" watches the thread that forked.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from steve.core.errors import EmbeddedUnavailable
from steve.database.embedded.cluster import Cluster
from steve.database.embedded.finder import find
from steve.database.embedded.identity import choose
from steve.database.embedded.locks import FileLock
from steve.database.embedded.paths import Layout
from steve.database.embedded.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUND = 0.1
"""Seconds between two looks at the lease."""

START_ROUND = 0.01
"""Seconds between two looks while something starts or ends."""

RESTARTS = 5
"""How often a killed server is started again, in the life of one supervisor."""

PREDECESSOR_TIMEOUT = 60.0
"""Seconds that a server without a supervisor gets to shut down."""

STOP_TIMEOUT = 60.0
"""Seconds for a fast shutdown; afterwards an immediate one, which loses no data either."""


class ServerEnded(EmbeddedUnavailable):
    """The server ended though nobody told it to."""

    def __init__(self, message: str, *, served: bool) -> None:
        super().__init__(message)
        self.served = served


class Supervisor:
    """Starts the server, watches the lease, stops the server."""

    def __init__(self, layout: Layout, binaries: Path, idle: float) -> None:
        self.layout = layout
        self.binaries = binaries
        self.idle = idle
        self.lease = FileLock(layout.lease)
        self.told_to_stop = False

    def run(self) -> None:
        """Serve until nobody uses the server, or a signal says stop.

        A server that took connections and was then killed, say for want of memory, is started
        again: its users hold their share and reconnect.

        Raises:
            EmbeddedUnavailable: the server does not start, or was killed too often.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop_soon)
        for remaining in range(RESTARTS, -1, -1):
            try:
                self._serve()
            except ServerEnded as ended:
                if not (ended.served and remaining):
                    raise
                sys.stderr.write("steve: the server ended by itself and is started again\n")
                sys.stderr.flush()
            else:
                return

    def _serve(self) -> None:
        """One life of the server."""
        lock = self._see_off_predecessor()
        try:
            binaries = find(self.layout.major(), only=self.binaries)
            identity = choose(binaries.directory / "postgres", self.layout.directory)
            cluster = Cluster(self.layout, binaries, identity)
            cluster.ensure()
            sockets = self.layout.socket_directory()
            server = cluster.serve(sockets, lock)
        finally:
            # From now on only the server's own processes hold it.
            lock.close()
        try:
            while not cluster.ready():
                self._check(server, served=False)
                if self.told_to_stop:
                    return
                time.sleep(START_ROUND)
            State(server.pid, os.getpid(), binaries.version, str(sockets)).write(self.layout)
            self._wait_until_unused(server)
        finally:
            self.layout.state.unlink(missing_ok=True)
            _shut_down(server)

    def _see_off_predecessor(self) -> FileLock:
        """The server's lock, once no process of an earlier server lives.

        Such a one was left by a supervisor that was killed: it is on its way down, or must be sent.
        """
        lock = FileLock(self.layout.server_lock)
        deadline = time.monotonic() + PREDECESSOR_TIMEOUT
        while not lock.try_exclusive():
            pid = _postmaster_of(self.layout)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
            if time.monotonic() > deadline:
                raise EmbeddedUnavailable(
                    f"An earlier server on {self.layout.data} (process {pid}) does not end: "
                    f"waited {PREDECESSOR_TIMEOUT:.0f} s. End it by hand and start again."
                )
            time.sleep(START_ROUND)
        return lock

    def _wait_until_unused(self, server: subprocess.Popen[bytes]) -> None:
        """Return once the lease has been free for `idle` seconds, and then hold it.

        Holding it keeps newcomers waiting until the server is down, instead of meeting it dying.
        """
        free_since: float | None = None
        while not self.told_to_stop:
            self._check(server, served=True)
            now = time.monotonic()
            if not self.lease.try_exclusive():
                free_since = None
            elif free_since is not None and now - free_since >= self.idle:
                return
            else:
                free_since = now if free_since is None else free_since
                self.lease.unlock()
            time.sleep(ROUND)

    def _check(self, server: subprocess.Popen[bytes], *, served: bool) -> None:
        code = server.poll()
        if code is not None and not self.told_to_stop:
            raise ServerEnded(
                f"The embedded PostgreSQL ended by itself (exit code {code}). The end of its log "
                f"{self.layout.log}:\n{self.layout.log_tail()}",
                served=served,
            )

    def _stop_soon(self, *_: object) -> None:
        self.told_to_stop = True


def _postmaster_of(layout: Layout) -> int | None:
    """The server's process id. Trustworthy only while the server's lock is held."""
    try:
        return int((layout.data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _shut_down(server: subprocess.Popen[bytes]) -> None:
    for request, seconds in ((signal.SIGINT, STOP_TIMEOUT), (signal.SIGQUIT, None)):
        server.send_signal(request)
        try:
            server.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def main(arguments: Sequence[str] | None = None) -> int:
    """Supervise the server of one directory. Failures go into a file there, for the starter."""
    parser = argparse.ArgumentParser(prog="python -m steve.database.embedded.supervisor")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--binaries", type=Path, required=True, help="folder with initdb, postgres")
    parser.add_argument("--idle", type=float, default=1.0, help="seconds to outlive the last user")
    given = parser.parse_args(arguments)
    os.umask(0o077)
    layout = Layout(given.directory.absolute())
    try:
        Supervisor(layout, given.binaries, given.idle).run()
    except EmbeddedUnavailable as error:
        layout.failure.write_text(str(error))
        return 1
    except Exception:
        traceback.print_exc()
        layout.failure.write_text(
            "The embedded PostgreSQL's supervisor failed. The end of its log "
            f"{layout.log}:\n{layout.log_tail()}"
        )
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
