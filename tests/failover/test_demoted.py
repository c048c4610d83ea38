"""A server that takes no writes any more, and one that is not there."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from statistics import median

import pytest

from storm.crew import Crew, Member
from storm.ledger import Ledger, Watch
from storm.proxy import Port
from storm.server import Server
from support.waiting import eventually_async

pytestmark = pytest.mark.timeout(90)

AWAY = 4.0
"""Seconds for which there is no server to write to: longer than the lease."""

Change = Callable[[Server], Awaitable[None]]


class Scene:
    """A server, and a worker process on it."""

    def __init__(self, place: Path, server: Server) -> None:
        self.server = server
        self._ledger = Ledger(place / "ledger")
        self._watch = Watch(place / "ledger")
        self._crew = Crew(place, self._ledger, server, seed=1, lease=2.0)

    def start(self) -> Member:
        """Start a worker."""
        port = Port(self.server.port)
        port.number = self.server.port
        return self._crew.start("worker", port)

    async def worker(self) -> Member:
        """Start a worker, and see it run a job."""
        worker = self.start()
        await self.run_a_job()
        return worker

    async def run_a_job(self) -> float:
        """Create a job, wait for its handler to begin, and return when it did."""
        uid = str(uuid.uuid4())
        job = {"uid": uid, "type": "tick", "payload": {"seconds": 0}}
        await self.server.run("select steve.create_jobs(%s)", json.dumps([job]))

        async def begun() -> float | None:
            line = self._watch.start(uid)
            return None if line is None else line.at

        return await eventually_async(begun, 15.0, what="a start")

    def end(self) -> None:
        self._crew.end()
        self._ledger.close()


@pytest.fixture
async def scene(place: Path, postgres_binaries: Path | None) -> AsyncGenerator[Scene, None]:
    server = Server(place, binaries=postgres_binaries)
    server.initialise()
    await server.start()
    scene = Scene(place, server)
    try:
        await server.prepare()
        yield scene
    finally:
        scene.end()
        await server.stop()


async def refuse_writes(server: Server) -> None:
    await server.set("default_transaction_read_only", "on")


async def demote(server: Server) -> None:
    await server.stop(signal.SIGINT)
    (server.wal.parent / "standby.signal").touch()
    await server.start()


async def promote(server: Server) -> None:
    await server.run("select pg_promote(true, 30)", database="postgres")


@pytest.mark.parametrize(
    ("away", "back"),
    [(refuse_writes, Server.reset), (demote, promote)],
    ids=["writes are refused", "it has become a standby"],
)
async def test_a_worker_waits_for_a_server_that_takes_writes(
    scene: Scene, away: Change, back: Change
) -> None:
    """It neither spins nor ends, says so, and goes on by itself."""
    worker = await scene.worker()
    await away(scene.server)
    before, sessions = processor_seconds(worker), await opened(scene.server)
    await asyncio.sleep(AWAY)
    assert worker.alive
    assert processor_seconds(worker) - before < 0.2 * AWAY
    # Six connections are tried for; that for the lease, which is short here, every 0.2 s.
    assert await opened(scene.server) - sessions < 20 * AWAY
    said = worker.log.read_text().splitlines()
    assert len([line for line in said if "waiting for the" in line and "read-only" in line]) == 1
    assert len(said) < 5 * AWAY
    await back(scene.server)
    again = time.monotonic()
    assert await scene.run_a_job() - again < 5.0
    assert worker.alive


async def test_a_server_that_comes_back_is_used_at_once(scene: Scene) -> None:
    worker = await scene.worker()
    waits: list[float] = []
    for seconds in (0.0, 0.5, 2.5):
        await scene.server.stop(signal.SIGKILL)
        await asyncio.sleep(seconds)
        await scene.server.start()
        back = time.monotonic()
        waits.append(await scene.run_a_job() - back)
    assert worker.alive
    assert median(waits) <= 2.0


async def test_a_worker_starts_while_the_server_restarts(scene: Scene) -> None:
    await scene.server.stop(signal.SIGKILL)
    worker = scene.start()

    async def waits() -> bool:
        return "waiting for the database" in worker.log.read_text()

    await eventually_async(waits)
    await scene.server.start()
    await scene.run_a_job()
    assert worker.alive


async def opened(server: Server) -> int:
    """How many sessions have been opened so far."""
    rows = await server.run("select sum(sessions)::bigint from pg_stat_database")
    return rows[0][0]


def processor_seconds(member: Member) -> float:
    fields = Path(f"/proc/{member.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
