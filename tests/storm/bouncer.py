"""PgBouncer in transaction mode, before a pair of servers."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from steve.database.embedded.identity import choose
from storm.faults.fault import Fault, Scene
from storm.pair import Pair
from storm.server import DATABASE, PATIENCE, ROLE
from support.network import HOST, unused_port

_CONFIGURATION = """\
[databases]
* = {server}

[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 40
max_client_conn = 500
server_login_retry = 1
"""


class PgBouncer:
    """The program, with its configuration in `folder`, before `server`: a connection string without
    a database."""

    def __init__(self, folder: Path, server: str) -> None:
        found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if found is None:
            raise RuntimeError("PgBouncer is not installed: `make failover` does that, as root")
        self._program = Path(found)
        # It refuses to run as root, as PostgreSQL does.
        self._identity = choose(self._program, folder)
        self._folder = folder
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / "pgbouncer.log"
        self.port = unused_port()

    async def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._configure()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, self._folder / "pgbouncer.ini"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self._enter,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not await self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PgBouncer did not start:\n{self.log.read_text()[-2000:]}")
            await asyncio.sleep(0.02)

    def stop(self) -> None:
        """SIGKILL it: all its connections are gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def lead_to(self, server: str) -> None:
        """Lead to another server from now on, as an administrator does after a failover."""
        self._server = server
        self._configure()
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def _configure(self) -> None:
        (self._folder / "pgbouncer.ini").write_text(
            _CONFIGURATION.format(host=HOST, server=self._server, port=self.port)
        )
        self._identity.own(self._folder)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        writer.close()
        return True

    def _enter(self) -> None:
        self._identity.enter(os.getppid(), signal.SIGKILL)


class PooledPair(Pair):
    """A pair that workers and producers know by the address of PgBouncer only."""

    def __init__(
        self, folder: Path, *, binaries: Path | None = None, settings: dict[str, str] | None = None
    ) -> None:
        super().__init__(folder, binaries=binaries, settings=settings)
        place = folder / "bouncer"
        place.mkdir()
        self.bouncer = PgBouncer(place, self._server)

    def dsn(self, *, user: str = ROLE, database: str = DATABASE, port: int | None = None) -> str:
        """The address of the primary; where a `port` is asked for, PgBouncer's instead."""
        if port is None:
            return super().dsn(user=user, database=database)
        return f"postgresql://{user}@{HOST}:{self.bouncer.port}/{database}?sslmode=disable"

    @property
    def _server(self) -> str:
        return f"host={HOST} port={self.port} user={ROLE}"

    async def prepare(self) -> None:
        """Install everything, and let the pooler stand in between."""
        await super().prepare()
        await self.bouncer.start()

    async def fail_over(self, after: float) -> None:
        """Let the standby take over, and PgBouncer lead there."""
        await super().fail_over(after)
        self.bouncer.lead_to(self._server)

    async def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End all of it."""
        await super().stop(how)
        self.bouncer.stop()


class KillBouncer(Fault):
    """SIGKILL of PgBouncer, which is started again."""

    name = "SIGKILL of PgBouncer"
    lane = "server"

    async def strike(self, scene: Scene) -> int:
        assert isinstance(scene.server, PooledPair)
        scene.server.bouncer.stop()
        await asyncio.sleep(scene.random.uniform(0.0, 1.0))
        await scene.server.bouncer.start()
        return 1
