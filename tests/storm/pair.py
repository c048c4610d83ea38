"""A primary with a standby, the one to be killed, the other to be promoted."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import time
from pathlib import Path

from storm.faults.fault import Fault, Scene
from storm.server import DATABASE, ROLE, Server
from support.network import HOST

_PLACE = ("folder", "log", "port", "_data", "_process")
"""What makes a server this one and not the other."""


class Pair(Server):
    """Is whichever of two servers takes writes; `standby` is the other, and each commit waits
    until that has it on disk."""

    def __init__(
        self, folder: Path, *, binaries: Path | None = None, settings: dict[str, str] | None = None
    ) -> None:
        for name in ("one", "two"):
            (folder / name).mkdir()
        super().__init__(folder / "one", binaries=binaries, settings=settings)
        self.standby = Server(folder / "two", binaries=binaries, settings=settings)
        self.ports = (self.port, self.standby.port)
        self.promoted: list[float] = []
        """When, on the monotonic clock, each promotion was over."""

    def dsn(self, *, user: str = ROLE, database: str = DATABASE, port: int | None = None) -> str:
        """The address of the primary; where a `port` is asked for, that of both servers instead,
        as workers and producers have it."""
        if port is None:
            return super().dsn(user=user, database=database)
        hosts = ",".join(f"{HOST}:{port}" for port in self.ports)
        return f"postgresql://{user}@{hosts}/{database}?sslmode=disable&{WRITABLE}"

    async def prepare(self) -> None:
        """Install everything, then let the standby follow."""
        await super().prepare()
        await self.follow()

    async def follow(self) -> None:
        """Make the other one a standby of the primary, and let commits wait for it."""
        other = self.standby
        shutil.rmtree(other._data, ignore_errors=True)
        self._identity.own(other.folder)
        command = [
            *(
                self._binaries.directory / "pg_basebackup",
                "-D",
                other._data,
                "--write-recovery-conf",
            ),
            *("--checkpoint=fast", "-h", HOST, "-p", str(self.port), "-U", "postgres"),
        ]
        await asyncio.to_thread(
            subprocess.run, command, check=True, capture_output=True, preexec_fn=self._follow
        )
        with (other._data / "postgresql.conf").open("a") as file:
            file.write(f"port = {other.port}\n")
        await other.start()
        await self.set("synchronous_standby_names", "*")
        synchronous = "select 1 from pg_stat_replication where sync_state = 'sync'"
        while not await self.run(synchronous, database="postgres"):
            await asyncio.sleep(0.05)

    async def fail_over(self, after: float) -> None:
        """SIGKILL the primary and, some seconds later, promote the standby."""
        await super().stop(signal.SIGKILL)
        await asyncio.sleep(after)
        for name in _PLACE:
            mine, others = getattr(self, name), getattr(self.standby, name)
            setattr(self, name, others)
            setattr(self.standby, name, mine)
        await self.run("select pg_promote(true, 30)", database="postgres")
        self.promoted.append(time.monotonic())

    async def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End both."""
        await super().stop(how)
        await self.standby.stop(how)


WRITABLE = "target_session_attrs=read-write"


class Failover(Fault):
    """The primary is killed, the standby takes its place, and a new standby that one's."""

    name = "failover"
    lane = "server"

    async def strike(self, scene: Scene) -> int:
        pair = scene.server
        assert isinstance(pair, Pair)
        await pair.fail_over(scene.random.uniform(0.0, 3.0))
        # Everybody has to get along with one server for a while.
        await asyncio.sleep(3.0)
        await pair.follow()
        return 1
