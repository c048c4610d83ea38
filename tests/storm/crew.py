"""The processes of a storm: started, kept at their number, watched, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storm.ledger import Ledger
from storm.proxy import Port
from storm.server import Server

TESTS = Path(__file__).parent.parent
WINDOW = 5.0
"""Seconds over which log lines are counted."""

FORGIVEN = 15.0
"""Seconds that a worker which has to give up may take: its lease, its grace, and the rest."""


@dataclass
class Member:
    """A process, with its way to the database and its log."""

    what: str
    port: Port
    process: subprocess.Popen[bytes]
    log: Path
    told_to_stop: bool = False
    paused: bool = False
    busiest: float = 0.0
    """The most log lines per second in any window."""
    _counted: tuple[float, int] = field(default=(0.0, 0))

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def count_lines(self, now: float) -> None:
        """Look at the log once a window."""
        since, before = self._counted
        if now - since < WINDOW:
            return
        lines = self.log.read_bytes().count(b"\n")
        if since:
            self.busiest = max(self.busiest, (lines - before) / (now - since))
        self._counted = now, lines


class Crew:
    """Workers and producers, so many of each as `keep` says."""

    def __init__(
        self, folder: Path, ledger: Ledger, server: Server, seed: int, lease: float
    ) -> None:
        self.ledger = ledger
        self.members: list[Member] = []
        self.gone: list[Member] = []
        self.surprises: list[str] = []
        """Ends of processes that nobody had asked for."""
        self.forgiving = 0
        """How many faults are under way that may end any worker."""
        self.lease = lease
        self.extra: dict[str, str] = {}
        """Variables for the next worker that is started."""
        self._folder = folder
        self._server = server
        self._seed = seed
        self._started = 0
        self._killed: set[int] = set()

    @property
    def workers(self) -> list[Member]:
        """Those that run and are not suspended, the oldest first."""
        return self._those("worker")

    @property
    def producers(self) -> list[Member]:
        """The same of producers."""
        return self._those("producer")

    def _those(self, what: str) -> list[Member]:
        return [m for m in self.members if m.what == what and m.alive and not m.paused]

    def start(self, what: str, port: Port) -> Member:
        """Start one more."""
        self._started += 1
        log = self._folder / f"{what}-{self._started}.log"
        environment = {
            **os.environ, **self.extra,
            "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
            "PYTHONFAULTHANDLER": "1",
            "STEVE_DATABASE_URL": self._server.dsn(port=port.number),
            "STORM_LEDGER": str(self.ledger.path),
            "STORM_LEASE": str(self.lease),
        }  # fmt: skip
        self.extra = {}
        command = {
            "worker": ["steve", "worker", "storm.workload:jobs", "--concurrency", "10"],
            "producer": ["storm.producer", str(self._seed * 1000 + self._started)],
        }[what]
        with log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], env=environment, stdout=file, stderr=file
            )
        member = Member(what, port, process, log)
        self.members.append(member)
        return member

    def kill(self, member: Member) -> None:
        """SIGKILL, and see it gone."""
        self._killed.add(member.pid)
        member.process.kill()
        member.process.wait()
        self.ledger.note("dead", pid=member.pid)

    def pause(self, member: Member) -> None:
        """SIGSTOP."""
        member.paused = True
        self.ledger.note("paused", pid=member.pid)
        member.process.send_signal(signal.SIGSTOP)

    def resume(self, member: Member) -> None:
        """SIGCONT."""
        member.process.send_signal(signal.SIGCONT)
        self.ledger.note("resumed", pid=member.pid)
        member.paused = False

    @asynccontextmanager
    async def forgiven(self) -> AsyncGenerator[None, None]:
        """Who ends meanwhile, or soon enough after to have stopped its handlers, is no surprise."""
        self.forgiving += 1
        try:
            yield
            await asyncio.sleep(FORGIVEN)
        finally:
            self.forgiving -= 1

    def terminate(self, member: Member) -> None:
        """SIGTERM."""
        member.told_to_stop = True
        member.process.send_signal(signal.SIGTERM)

    def look(self) -> None:
        """Take note of processes that have ended, and of what they all say."""
        now = time.monotonic()
        for member in list(self.members):
            member.count_lines(now)
            if member.alive:
                continue
            self.members.remove(member)
            self.gone.append(member)
            if member.pid in self._killed:
                continue
            self.ledger.note("dead", pid=member.pid)
            if not self.forgiving:
                self._judge(member)

    def _judge(self, member: Member) -> None:
        code = member.process.returncode
        # A poison job ends its worker by SIGKILL, at any time.
        usual = {-signal.SIGKILL, *({0} if member.told_to_stop else ())}
        if member.what == "worker" and code not in usual:
            log = member.log.read_text(errors="replace")
            # One that begins tries for its connect_timeout, which a fault may outlast.
            if " started: " in log or "Error: cannot connect" not in log:
                self.surprises.append(f"worker {member.pid} ended with code {code}:\n{log[-1500:]}")

    async def stop(self, within: float) -> None:
        """SIGTERM all workers, kill the producers; whoever is not gone in time is a surprise."""
        for member in list(self.members):
            if member.paused:
                self.resume(member)
            if member.what == "producer":
                self.kill(member)
            else:
                self.terminate(member)
        deadline = time.monotonic() + within
        while any(member.alive for member in self.members) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        for member in self.members:
            if member.alive:
                self.surprises.append(f"worker {member.pid} did not stop within {within:g} s")
                self.kill(member)
        self.look()

    def end(self) -> None:
        """Leave no process behind, whatever happened."""
        for member in self.members:
            if member.alive:
                member.process.send_signal(signal.SIGCONT)
                member.process.kill()
                member.process.wait()
