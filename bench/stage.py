"""What a workload is given: a contender on a fresh database, and means to drive it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.adapters.board import Board
from bench.contender import Contender, PythonEnvironment
from bench.install import Installed
from bench.process import ADAPTERS, AdapterProcess, Crew
from bench.server import Server

_POLL = 0.005


class Stage:
    """One contender's place on the server. `clear` makes it as if nothing had been done there."""

    def __init__(
        self, server: Server, contender: Contender, installed: Installed, folder: Path
    ) -> None:
        self.server = server
        self.contender = contender
        self.peer = contender.peer
        self._installed = installed
        self._folder = folder
        self._database = re.sub(r"\W", "_", f"bench_{contender.name}")
        self._above: Any = None
        self._up_to: Any = None

    def beside(self, contender: Contender) -> Stage:
        """The same database, driven as another contender of the same environment would."""
        other = Stage(self.server, contender, self._installed, self._folder)
        other._database = self._database
        return other

    @property
    def python(self) -> tuple[str, ...]:
        """The command that runs its environment's program."""
        return self._installed.command

    @property
    def folder(self) -> Path:
        """Where a workload may put files."""
        return self._folder

    @property
    def dsn(self) -> str:
        """The address of its database."""
        return self.server.dsn(self._database)

    def clear(self) -> None:
        """Give it a fresh database with its tables."""
        if not self.server.has(self._prepared("")):
            self.server.create(self._database)
            self.run("setup")
            self.server.rename(self._database, self._prepared(""))
        self.server.create(self._database, self._prepared(""))
        self._above = self._up_to = None

    def prepare(self, name: str, build: Callable[[], None]) -> None:
        """Give it a database on which `build` was called; that is kept for the next time."""
        if not self.server.has(self._prepared(name)):
            self.clear()
            build()
            self.settle()
            self.server.rename(self._database, self._prepared(name))
        self.server.create(self._database, self._prepared(name))
        self._above = self._up_to = None

    def forget(self, name: str) -> None:
        """Drop what `prepare` has kept under this name."""
        self.server.drop(self._prepared(name))

    def leave(self) -> None:
        """Drop its database."""
        self.server.drop(self._database)

    def rows(self, query: str, values: Any = None) -> list[tuple[Any, ...]]:
        """Run a query on its database."""
        return self.server.rows(query, values, database=self._database)

    def fill(self, n: int, **options: Any) -> None:
        """Create `n` jobs by its own API; they are those that `unfinished` looks at."""
        self._above = self._newest()
        self.run("fill", n=n, **options)
        self._up_to = self._newest()

    def settle(self) -> None:
        """Let the planner know what is there, and the disk rest."""
        self.rows("vacuum (analyze)")
        self.rows("checkpoint")

    def unfinished(self) -> bool:
        """Whether a job of the last `fill` is not finished."""
        bounds = {"above": self._above, "up_to": self._up_to}
        known = {name: value for name, value in bounds.items() if name in self.peer.unfinished}
        return bool(self.rows(self.peer.unfinished, known or None)[0][0])

    def wait_finished(self, limit: float) -> float | None:
        """Wait until nothing is unfinished; when that was on the monotonic clock, or None."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            asked = time.monotonic()
            if not self.unfinished():
                return asked
            # A peer whose tables take long to look through is not to be held up by us.
            time.sleep(max(_POLL, time.monotonic() - asked))
        return None

    def run(self, command: str, **options: Any) -> dict[str, Any]:
        """Run an adapter's command to its end; returns its result."""
        with self.process(command, **options) as process:
            return process.event("result")

    def measured(self, command: str, **options: Any) -> dict[str, Any]:
        """Run a command that waits for the word to begin; returns its result."""
        with self.process(command, **options) as process:
            process.event("ready")
            process.go()
            return process.event("result")

    def process(self, command: str, **options: Any) -> AdapterProcess:
        """Start an adapter; use it as a context manager."""
        return AdapterProcess(
            self._command(command, options), self._folder / f"{self._database}.log"
        )

    @contextmanager
    def workers(
        self, count: int = 1, *, jobs: int = 0, **options: Any
    ) -> Generator[Crew, None, None]:
        """Run worker processes for as long as the block runs.

        `jobs` is how many have the starts of their handlers recorded, by number.
        """
        with ExitStack() as stack:
            boards: list[Board] = []
            processes: list[AdapterProcess] = []
            for number in range(count):
                path = self._folder / f"{self._database}.{time.monotonic_ns()}.{number}.board"
                board = Board.make(path, jobs)
                stack.callback(path.unlink)
                stack.callback(board.close)
                boards.append(board)
                processes.append(
                    stack.enter_context(
                        self.process("worker", board=str(path), record=jobs > 0, **options)
                    )
                )
            yield Crew(processes, boards)

    def _command(self, command: str, options: Mapping[str, Any]) -> list[str | Path]:
        told = {
            "dsn": self.dsn,
            "config": self.contender.config,
            **self.contender.options,
            **options,
        }
        if not isinstance(self.contender.environment, PythonEnvironment):
            told["packages"] = str(Path(self._installed.folder))
        script = ADAPTERS / self.peer.adapter
        return [*self._installed.command, script, command, json.dumps(told)]

    def _prepared(self, name: str) -> str:
        return f"{self._database}__{name or 'clean'}"

    def _newest(self) -> Any:
        """Return the highest key of a job, where the peer's query asks for keys."""
        return self.rows(self.peer.newest)[0][0] if self.peer.newest else None
