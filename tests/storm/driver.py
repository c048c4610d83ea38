"""Runs a storm: a server, workers, producers, faults, then calm, and the look at what is left."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from steve.core.uid import uuid7
from storm import history, rules
from storm.crew import Crew, Member
from storm.faults import CannotInject, Fault, Scene
from storm.ledger import Ledger, Watch
from storm.proxy import Port
from storm.server import Server
from storm.verdict import MOST_CONNECTIONS, Traces, Verdict

LEASE = 2.0
"""Seconds."""

START = 15.0
"""Seconds in which all workers have begun, and in which they become quiet."""

OVERTIME = 45.0
"""Seconds that a lane goes on for faults that did not strike yet."""

CALM = 90.0
"""Seconds in which everything has to be over when the storm is."""

PAUSES = {"server": 4.0}
"""How much longer than a second the pauses of a lane are: without a server nothing else strikes."""

LONGEST = 60.0
"""Seconds that one fault may take."""

ANSWERS = (psycopg.Error, OSError, TimeoutError)
"""What the driver itself may meet when the server is away."""


@dataclass
class Plan:
    """What kind of storm."""

    seconds: float
    seed: int
    faults: Sequence[type[Fault]]
    workers: int = 3
    producers: int = 2
    binaries: Path | None = None
    server: type[Server] = Server
    wal: Path | None = None
    """Where the write-ahead log goes, if not beside the data."""
    settings: dict[str, str] = field(default_factory=dict[str, str])
    say: Callable[[str], None] = lambda text: None


class Storm:
    """One run of a plan, in a folder of its own."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.server = plan.server(folder, binaries=plan.binaries, settings=plan.settings)
        self.ledger = Ledger(folder / "ledger")
        self.crew = Crew(folder, self.ledger, self.server, plan.seed, LEASE)
        self.scene = Scene(
            self.server, self.crew, Watch(folder / "ledger"), random.Random(plan.seed), self._create
        )
        self.faults = [fault() for fault in plan.faults]
        self.missing: dict[str, str] = {}
        self._wanted = {"worker": plan.workers, "producer": plan.producers}
        self._began = time.monotonic()

    async def run(self) -> Verdict:
        """Run it, and judge."""
        self.plan.say(f"seed {self.plan.seed}, PostgreSQL {self.server.version}")
        self.server.initialise(self.plan.wal)
        await self.server.start()
        try:
            await self.server.prepare()
            self._leave_out_what_cannot_be()
            async with self._kept():
                await self.scene.eventually(self._everybody_works, START)
                await self._blow()
                left = await self._calm_down()
                traces = await self._traces()
            await self.crew.stop(within=15.0)
            traces.connections_left = await self._connections()
            seen = history.load(self.server.admin, self.ledger.path)
            return Verdict(
                self.plan.seed, self.server.version, self.faults, self.missing,
                rules.violations(seen), list(self.crew.surprises), left, traces, seen,
            )  # fmt: skip
        finally:
            self.crew.end()
            for member in (*self.crew.members, *self.crew.gone):
                await member.port.close()
            await self.server.stop()
            self.ledger.close()

    def _everybody_works(self) -> bool:
        workers = self.crew.workers
        return len(workers) == self.plan.workers and all(
            self.scene.watch.at_work(worker.pid) for worker in workers
        )

    def _leave_out_what_cannot_be(self) -> None:
        for fault in self.faults:
            try:
                fault.check(self.scene)
            except CannotInject as why:
                self.missing[fault.name] = str(why)
        self.faults = [fault for fault in self.faults if fault.name not in self.missing]

    @asynccontextmanager
    async def _kept(self) -> AsyncGenerator[None, None]:
        """Keep the processes at their number meanwhile."""
        async with asyncio.TaskGroup() as group:
            keeper = group.create_task(self._keep())
            yield
            keeper.cancel()

    async def _keep(self) -> None:
        while True:
            self.crew.look()
            for member in self.crew.gone:
                await member.port.close()
            for what, number in self._wanted.items():
                here = [m for m in self.crew.members if m.what == what]
                for _ in range(number - len(here)):
                    port = Port(self.server.port)
                    await port.open()
                    self.crew.start(what, port)
            await asyncio.sleep(0.1)

    async def _blow(self) -> None:
        """Let all lanes of faults strike side by side."""
        lanes = {fault.lane for fault in self.faults}
        end = time.monotonic() + self.plan.seconds
        await asyncio.gather(*(self._lane(lane, end) for lane in sorted(lanes)))

    async def _lane(self, lane: str, end: float) -> None:
        faults = [fault for fault in self.faults if fault.lane == lane]
        choice = random.Random(f"{self.plan.seed} {lane}")
        while True:
            now = time.monotonic()
            late = [fault for fault in faults if not fault.struck]
            if now > end + OVERTIME or (now > end and not late):
                return
            candidates = late if now > end else faults
            least = min(fault.tried for fault in candidates)
            await self._strike(choice.choice([f for f in candidates if f.tried == least]))
            await asyncio.sleep(choice.uniform(0.5, 1.5) * PAUSES.get(lane, 1.0))

    async def _strike(self, fault: Fault) -> None:
        fault.tried += 1
        try:
            async with asyncio.timeout(LONGEST):
                struck = await fault.strike(self.scene)
        except ANSWERS as error:
            # It met another fault: it counts as tried.
            self._say(f"{fault.name}: not now ({type(error).__name__})")
            return
        fault.struck += struck
        self._say(f"{fault.name}{'' if struck else ': to no effect'}")

    async def _calm_down(self) -> int:
        """End all faults, let no more jobs come, and wait until all are over; how many are not."""
        self._say("calm")
        self._wanted["producer"] = 0
        for member in self.crew.members:
            if member.what == "producer":
                self.crew.kill(member)
        if not await self.server.answers():
            await self.server.stop()
            await self.server.start()
        await self.server.reset()
        deadline = time.monotonic() + CALM
        while (left := await self._left()) and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        return left

    async def _left(self) -> int:
        return (await self.server.run("select count(*) from steve.job"))[0][0]

    async def _traces(self) -> Traces:
        """What the workers hold when there is nothing to do."""
        workers = self.crew.workers

        # What was opened for the last jobs is closed a little later.
        async def few() -> bool:
            return await self._connections() <= MOST_CONNECTIONS * len(workers)

        await self.scene.eventually(few, START)
        tasks = await self._tasks(workers)
        return Traces(
            connections=await self._connections() / max(1, len(workers)),
            threads=max((_entries(worker, "task") for worker in workers), default=0),
            tasks=max(tasks, default=0),
            files=max((_entries(worker, "fd") for worker in workers), default=0),
            memory=max((_peak_memory(worker) for worker in workers), default=0),
            lines=max(m.busiest for m in (*self.crew.members, *self.crew.gone)),
        )

    async def _tasks(self, workers: Iterable[Member]) -> list[int]:
        """How many each worker has, by its own count."""
        # Any other may not know the signal yet, and would die of it.
        asked = [worker for worker in workers if self.scene.watch.at_work(worker.pid)]
        for worker in asked:
            os.kill(worker.pid, signal.SIGUSR1)

        def counts() -> list[int | None]:
            return [self.scene.watch.tasks(worker.pid) for worker in asked]

        if not await self.scene.eventually(lambda: None not in counts(), START):
            self.crew.surprises.append("a worker did not count its tasks")
        return [number for number in counts() if number is not None]

    async def _connections(self) -> int:
        rows = await self.server.run(
            "select count(*) from pg_stat_activity where usename = 'storm'"
        )
        return rows[0][0]

    async def _create(self, type: str, payload: Any, **options: Any) -> str:
        """Create a job directly, until it is known to be there."""
        uid: UUID = uuid7()
        job = {"uid": str(uid), "type": type, "payload": payload, **options}
        while True:
            try:
                await self.server.run(
                    "select steve.create_jobs(%s, resent => true)", json.dumps([job])
                )
            except ANSWERS:
                await asyncio.sleep(0.2)
            else:
                self.ledger.note("created", uid=uid)
                return str(uid)

    def _say(self, what: str) -> None:
        self.plan.say(f"{time.monotonic() - self._began:7.1f} s  {what}")


def _entries(worker: Member, of: str) -> int:
    try:
        return len(list(Path(f"/proc/{worker.pid}/{of}").iterdir()))
    except OSError:
        return 0


def _peak_memory(worker: Member) -> int:
    """Bytes resident at most so far."""
    try:
        status = Path(f"/proc/{worker.pid}/status").read_text()
    except OSError:
        return 0
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10
