"""Looking at one embedded server from outside."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from steve.database.embedded.locks import FileLock
from steve.database.embedded.paths import Layout
from steve.database.embedded.state import State
from support.waiting import eventually


class Home:
    """A directory for one embedded server, with the questions that tests ask about it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.layout = Layout.under(path)

    def state(self) -> State:
        return eventually(lambda: State.read(self.layout), what="a running server")

    def running(self) -> bool:
        """Whether any process of the server or its supervisor lives."""
        return self.supervised() or _locked(self.layout.server_lock)

    def supervised(self) -> bool:
        """Whether the supervisor lives."""
        return _locked(self.layout.supervisor_lock)

    def wait_until_down(self) -> None:
        eventually(lambda: not self.running(), 20, what="the end of the server")

    def kill_supervisor(self) -> None:
        os.kill(self.state().supervisor, signal.SIGKILL)

    def shut_down_cleanly(self, binaries: Path) -> bool:
        """Whether the data of the stopped server say that nothing has to be recovered."""
        said = subprocess.run(
            [binaries / "pg_controldata", self.layout.data],
            capture_output=True,
            text=True,
            check=True,
            env={"LC_ALL": "C"},
        ).stdout
        return any(
            line.startswith("Database cluster state:") and line.endswith(" shut down")
            for line in said.splitlines()
        )


def _locked(path: Path) -> bool:
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        return not lock.try_exclusive()
    finally:
        lock.close()
