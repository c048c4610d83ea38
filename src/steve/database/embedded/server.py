"""Joining the embedded PostgreSQL, and starting it when nobody has.

A user of the server holds a shared lock on the lease for as long as it lives. Starting goes one
process at a time. The waiting in between is written once, as a generator of pauses, and driven by
`time.sleep` or `asyncio.sleep`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from steve.core.errors import EmbeddedUnavailable
from steve.database.embedded.finder import find
from steve.database.embedded.locks import FileLock
from steve.database.embedded.paths import Layout, default_home
from steve.database.embedded.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

IDLE = 1.0
"""Seconds that the server outlives its last user, unless told otherwise."""

START_TIMEOUT = 60.0
"""Seconds to wait for a server: far more than a cold start takes, enough for a recovery."""

PAUSE = 0.01
LOG_LIMIT = 8 * 1024 * 1024
"""Bytes after which the log is begun anew, at the next start."""

DETACH = '"$@" </dev/null >>"$0" 2>&1 &'
"""Leaves the command to the init process, which then also collects it when it ends."""


class EmbeddedServer:
    """Our share in a running server: it stays up at least until we `close()` or die.

    A context manager, blocking and async. Forked children keep the share as well.
    """

    def __init__(self, layout: Layout, state: State, lease: FileLock) -> None:
        self._lease = lease
        self.directory = layout.directory
        self.version = state.version
        socket_directory = quote(state.socket_directory, safe="/")
        self.dsn = f"postgresql://postgres@/postgres?host={socket_directory}&port=5432"

    def __repr__(self) -> str:
        return f"<EmbeddedServer {self.version} {self.directory}>"

    def close(self) -> None:
        """Give up our share. Closing again does nothing."""
        self._lease.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


async def start(
    home: Path | None = None, *, binaries: Path | None = None, idle: float = IDLE
) -> EmbeddedServer:
    """Join the embedded PostgreSQL of `home`, or start it.

    Args:
        home: directory that keeps the data; by default the project's (see `default_home`).
        binaries: folder with `initdb` and `postgres`; by default the best one found.
        idle: seconds that the server outlives its last user. Counts for who starts it.

    Raises:
        EmbeddedUnavailable: there is no PostgreSQL to run, or it does not run; says why.
    """
    steps = _joining(Layout.under(home or default_home()), binaries, idle)
    try:
        while True:  # noqa: ASYNC110 - locks and files of other processes have no event
            await asyncio.sleep(next(steps))
    except StopIteration as done:
        return done.value
    finally:
        steps.close()


def start_blocking(
    home: Path | None = None, *, binaries: Path | None = None, idle: float = IDLE
) -> EmbeddedServer:
    """The same as `start`, for programs without an event loop."""
    steps = _joining(Layout.under(home or default_home()), binaries, idle)
    try:
        while True:
            time.sleep(next(steps))
    except StopIteration as done:
        return done.value
    finally:
        steps.close()


def _joining(
    layout: Layout, binaries: Path | None, idle: float
) -> Generator[float, None, EmbeddedServer]:
    """The way to a running server, pause by pause."""
    layout.prepare()
    deadline = time.monotonic() + START_TIMEOUT
    lease = FileLock(layout.lease)
    start_lock = FileLock(layout.start_lock)
    try:
        # The lease first: a server that is found afterwards cannot decide to stop any more.
        yield from _until(lease.try_shared, layout, deadline)
        yield from _until(start_lock.try_exclusive, layout, deadline)
        state = yield from _serving(layout, binaries, idle, deadline)
    except BaseException:
        lease.close()
        raise
    finally:
        start_lock.close()
    return EmbeddedServer(layout, state, lease)


def _until(
    locked: Callable[[], bool], layout: Layout, deadline: float
) -> Generator[float, None, None]:
    while not locked():
        yield _pause(layout, deadline)


def _serving(
    layout: Layout, binaries: Path | None, idle: float, deadline: float
) -> Generator[float, None, State]:
    """Find a server with a living supervisor, or make one. The caller holds the start lock."""
    ours = False
    while True:
        lock = FileLock(layout.supervisor_lock)
        try:
            alone = lock.try_exclusive()
            if alone and ours:
                raise _failed(layout)
            if alone:
                _spawn(layout, binaries, idle, lock)
                ours = True
            elif state := State.read(layout):
                return state
        finally:
            lock.close()
        yield _pause(layout, deadline)


def _spawn(layout: Layout, binaries: Path | None, idle: float, lock: FileLock) -> None:
    """Start a supervisor that is nobody's child and inherits `lock`, so that it has no gap."""
    if not sys.executable:
        raise EmbeddedUnavailable(
            "The embedded PostgreSQL cannot be started from inside another program: Python does "
            "not know its own executable. Name your own database: STEVE_DATABASE_URL or Jobs(db=…)."
        )
    found = find(layout.major(), only=binaries)
    layout.state.unlink(missing_ok=True)
    layout.failure.unlink(missing_ok=True)
    if layout.log.exists() and layout.log.stat().st_size > LOG_LIMIT:
        layout.log.replace(layout.log.with_suffix(".old"))
    supervisor = [sys.executable, "-P", "-m", "steve.database.embedded.supervisor"]
    command = [*supervisor, layout.directory, f"--binaries={found.directory}", f"--idle={idle}"]
    subprocess.run(
        ["/bin/sh", "-c", DETACH, layout.log, *command],
        cwd="/",
        pass_fds=[lock.descriptor],
        start_new_session=True,
        check=True,
    )


def _pause(layout: Layout, deadline: float) -> float:
    if time.monotonic() < deadline:
        return PAUSE
    raise EmbeddedUnavailable(
        f"The embedded PostgreSQL in {layout.directory} was not ready within {START_TIMEOUT:.0f} s "
        f"and may still be starting. The end of its log {layout.log}:\n{layout.log_tail()}"
    )


def _failed(layout: Layout) -> EmbeddedUnavailable:
    try:
        return EmbeddedUnavailable(layout.failure.read_text())
    except FileNotFoundError:
        return EmbeddedUnavailable(
            f"The embedded PostgreSQL's supervisor was ended while it started the server in "
            f"{layout.directory}. The end of its log {layout.log}:\n{layout.log_tail()}"
        )
