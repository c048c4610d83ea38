"""A network that cuts, delays, and swallows."""

from __future__ import annotations

import asyncio

from storm.faults.fault import Fault, Scene


class Cut(Fault):
    """All connections of all processes are reset."""

    name = "network: reset"
    lane = "network"

    async def strike(self, scene: Scene) -> int:
        return int(sum(member.port.cut() for member in scene.crew.members) > 0)


class Delay(Fault):
    """Every packet is late, in both directions."""

    name = "network: delay"
    lane = "network"

    async def strike(self, scene: Scene) -> int:
        ports = [member.port for member in scene.crew.members]
        seconds = scene.random.uniform(0.02, 0.1)
        slowed = sum(port.delay(seconds) for port in ports)
        await asyncio.sleep(scene.random.uniform(1.0, 3.0))
        for port in ports:
            port.delay(0.0)
        return int(slowed > 0)


class HalfOpen(Fault):
    """The connections of a process go deaf for good, while new ones work."""

    name = "network: half-open connections"
    lane = "network"

    async def strike(self, scene: Scene) -> int:
        if not scene.crew.workers:
            return 0
        port = scene.random.choice(scene.crew.workers).port
        deaf = port.deafen()
        # The process has to find out by itself, at least about those that it uses.
        noticed = await scene.eventually(lambda: deaf - port.lines, 25.0)
        for line in deaf & port.lines:
            line.cut()
        return int(noticed)


class Partition(Fault):
    """A worker cannot reach the database for longer than its lease, while its handlers go on."""

    name = "network: a worker is cut off beyond its lease"
    lane = "network"

    async def strike(self, scene: Scene) -> int:
        worker = scene.spare_worker()
        if worker is None:
            return 0
        for _ in range(2):
            await scene.create("tick", {"seconds": 3.0})
        held = worker.port.hold()
        try:
            dead = await scene.declared_dead(worker.pid, 3 * scene.crew.lease + 4.0)
        finally:
            worker.port.release()
        return int(held > 0 and dead)


FAULTS: tuple[type[Fault], ...] = (Cut, Delay, HalfOpen, Partition)
