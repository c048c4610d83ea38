"""Worker processes that can be killed, paused and started again, and the ledger they write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent.parent


class Entry(NamedTuple):
    """A line of the ledger: a handler's start or end."""

    what: str
    uid: str
    attempt_id: int
    pid: int
    at: float


class Fleet:
    """Workers of `support.workload` on one database."""

    def __init__(
        self, dsn: str, folder: Path, *, lease: float = 1.5, concurrency: int = 10
    ) -> None:
        self.ledger = folder / "ledger"
        self.ledger.touch()
        self.deaths: dict[int, float] = {}
        """When, on the monotonic clock, each killed process was gone."""
        self._log = folder / "workers.log"
        self._concurrency = concurrency
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(TESTS),
            "STEVE_DATABASE_URL": dsn,
            "WORKLOAD_LEDGER": str(self.ledger),
            "WORKLOAD_LEASE": str(lease),
        }
        self._workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()

    @property
    def running(self) -> list[subprocess.Popen[bytes]]:
        """The processes that run now, the oldest first."""
        return [worker for worker in self._workers if worker.poll() is None]

    def start(self) -> subprocess.Popen[bytes]:
        """Start another worker."""
        with self._log.open("ab") as log:
            worker = subprocess.Popen(
                [
                    sys.executable, "-m", "steve", "worker", "support.workload:jobs",
                    "--concurrency", str(self._concurrency),
                ],
                env=self._environment, stdout=log, stderr=log,
            )  # fmt: skip
        self._workers.append(worker)
        return worker

    def keep(self, number: int) -> None:
        """Start workers until so many run; note when others have died."""
        for worker in self._workers:
            if worker.poll() is not None:
                self.deaths.setdefault(worker.pid, time.monotonic())
        while len(self.running) < number:
            self.start()

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """SIGKILL a worker and see it gone."""
        worker.kill()
        worker.wait()
        self.deaths[worker.pid] = time.monotonic()

    def stop(self) -> list[int]:
        """SIGTERM all workers; returns their exit codes."""
        running = self.running
        for worker in running:
            worker.terminate()
        return [worker.wait(timeout=20) for worker in running]

    def entries(self) -> list[Entry]:
        """Read the ledger."""
        lines = (line.split() for line in self.ledger.read_text().splitlines())
        return [
            Entry(what, uid, int(attempt), int(pid), float(at))
            for what, uid, attempt, pid, at in lines
        ]

    def starts(self) -> dict[str, list[Entry]]:
        """The starts of each job, in order."""
        starts: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries():
            if entry.what == "start":
                starts[entry.uid].append(entry)
        return starts

    def log(self) -> str:
        """What the workers have said."""
        return self._log.read_text(errors="replace")
