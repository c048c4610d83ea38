"""What a fault is, and what it may use."""

from __future__ import annotations

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable

from storm.crew import Crew, Member
from storm.ledger import Watch
from storm.server import Server


class CannotInject(Exception):
    """This machine has no way to inject the fault; says why."""


@dataclass
class Scene:
    """All that faults act upon."""

    server: Server
    crew: Crew
    watch: Watch
    random: random.Random
    create: Callable[..., Awaitable[str]]
    """Creates a job (type, payload, options) past all faults; returns its uid."""

    def spare_worker(self) -> Member | None:
        """One of several workers, or None where it would be the only one."""
        workers = self.crew.workers
        return self.random.choice(workers) if len(workers) > 1 else None

    def a_producer(self) -> Member | None:
        """One of the producers, if there is any at this moment."""
        return self.random.choice(self.crew.producers) if self.crew.producers else None

    async def declared_dead(self, pid: int, within: float) -> bool:
        """Wait until others have declared a worker dead; says whether they have."""

        async def dead() -> bool:
            rows = await self.server.run(
                "select 1 from steve.worker where pid = %s and death = 'lost' limit 1", pid
            )
            return bool(rows)

        return await self.eventually(dead, within)

    async def eventually(
        self, look: Callable[[], object | Awaitable[object]], within: float
    ) -> bool:
        """Wait until something is so; says whether it came to be."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            seen = look()
            if await seen if isawaitable(seen) else seen:
                return True
            await asyncio.sleep(0.05)
        return False


class Fault(ABC):
    """Something that goes wrong. It strikes and is over; what it strikes is seen, not assumed."""

    name: str
    lane: str = "processes"
    """Faults of one lane strike one after the other, those of different lanes at the same time."""

    def __init__(self) -> None:
        self.tried = 0
        self.struck = 0

    def check(self, scene: Scene) -> None:  # noqa: B027 - most faults have nothing to check
        """Raise CannotInject where this machine cannot do it."""

    @abstractmethod
    async def strike(self, scene: Scene) -> int:
        """Strike once, and put everything back; returns how often it was seen to strike."""
