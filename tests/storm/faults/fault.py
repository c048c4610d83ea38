"""What a fault is, and what it may use."""

from __future__ import annotations

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from storm.crew import Crew
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

    async def eventually(self, look: Callable[[], object], within: float) -> bool:
        """Wait until something is so; says whether it came to be."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if look():
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
