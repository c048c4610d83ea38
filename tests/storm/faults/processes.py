"""Processes that are killed, suspended, told to stop, or cannot react."""

from __future__ import annotations

import asyncio

from storm.faults.fault import Fault, Scene


class KillWorker(Fault):
    """SIGKILL of a worker with jobs in its hands."""

    name = "kill a worker"

    async def strike(self, scene: Scene) -> int:
        worker = scene.spare_worker()
        if worker is None:
            return 0
        await scene.create("tick", {"seconds": 0.5})
        await scene.eventually(lambda: scene.watch.running(worker.pid), 1.0)
        scene.crew.kill(worker)
        return int(scene.watch.running(worker.pid) > 0)


class KillProducer(Fault):
    """SIGKILL of a producer, in whatever call it is."""

    name = "kill a producer"

    async def strike(self, scene: Scene) -> int:
        producer = scene.a_producer()
        if producer is None:
            return 0
        scene.crew.kill(producer)
        return 1


class PauseWorker(Fault):
    """SIGSTOP of a worker until it has been declared dead, and longer; then SIGCONT."""

    name = "suspend a worker beyond its lease"

    async def strike(self, scene: Scene) -> int:
        worker = scene.spare_worker()
        if worker is None:
            return 0
        scene.crew.pause(worker)
        try:
            dead = await scene.declared_dead(worker.pid, 3 * scene.crew.lease + 4.0)
            await asyncio.sleep(scene.random.uniform(0.0, scene.crew.lease))
            return int(dead)
        finally:
            scene.crew.resume(worker)


class PauseProducer(Fault):
    """SIGSTOP of a producer, perhaps within a transaction, then SIGCONT."""

    name = "suspend a producer"

    async def strike(self, scene: Scene) -> int:
        producer = scene.a_producer()
        if producer is None:
            return 0
        scene.crew.pause(producer)
        await asyncio.sleep(scene.random.uniform(0.5, 3.0))
        scene.crew.resume(producer)
        return 1


class TerminateWorker(Fault):
    """SIGTERM of a worker whose jobs take longer than its grace."""

    name = "stop a worker with long jobs"

    async def strike(self, scene: Scene) -> int:
        worker = scene.spare_worker()
        if worker is None:
            return 0
        for _ in range(3):
            await scene.create("tick", {"seconds": 6.0})
        await scene.eventually(lambda: scene.watch.running(worker.pid), 1.0)
        scene.crew.terminate(worker)
        ended = await scene.eventually(lambda: not worker.alive, 30.0)
        if not ended:
            scene.crew.surprises.append(f"worker {worker.pid} goes on 30 s after SIGTERM")
        return int(ended)


class Poison(Fault):
    """A job that kills every worker that touches it."""

    name = "a poison job"

    async def strike(self, scene: Scene) -> int:
        if scene.spare_worker() is None:
            return 0
        uid = await scene.create("poison", {}, max_crashes=1)
        return int(await scene.eventually(lambda: scene.watch.start(uid), 5.0))


class BlockLoop(Fault):
    """A handler that blocks the event loop for longer than the lease, which is kept."""

    name = "block an event loop beyond the lease"

    async def strike(self, scene: Scene) -> int:
        seconds = scene.crew.lease * 1.5
        uid = await scene.create("block", {"seconds": seconds})
        await scene.eventually(lambda: scene.watch.start(uid), 5.0)
        line = scene.watch.start(uid)
        if line is None:
            return 0
        await scene.eventually(lambda: scene.watch.end(line.attempt), seconds + 2.0)
        ended = scene.watch.end(line.attempt)
        return int(ended is not None and ended - line.at >= scene.crew.lease)


class HoldLease(Fault):
    """A handler that lets no thread of its process run, so that the lease runs out."""

    name = "hold up the lease's thread"

    async def strike(self, scene: Scene) -> int:
        seconds = scene.crew.lease * 1.5 + 2.0
        uid = await scene.create("freeze", {"seconds": seconds}, max_crashes=1)
        await scene.eventually(lambda: scene.watch.start(uid), 5.0)
        line = scene.watch.start(uid)
        if line is None:
            return 0
        return int(await scene.declared_dead(line.pid, seconds))


FAULTS: tuple[type[Fault], ...] = (
    KillWorker, KillProducer, PauseWorker, PauseProducer, TerminateWorker, Poison, BlockLoop,
    HoldLease,
)  # fmt: skip
