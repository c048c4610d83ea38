"""The housekeeping of one worker: all services together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from steve.core.registry import Registry
from steve.core.settings import Retention
from steve.maintenance.parking import Parking
from steve.maintenance.partitions import Partitions
from steve.maintenance.rescuer import Rescuer
from steve.maintenance.sampler import Sampler
from steve.maintenance.service import Run, Service
from steve.telemetry.telemetry import Telemetry

RESCUE_INTERVAL = 1.55
"""Seconds. Jobs of a dead worker are taken over within its lease and two seconds."""

PARK_INTERVAL = 30.0
UNPARK_INTERVAL = 30.0
PARTITION_INTERVAL = 3600.0
SAMPLE_INTERVAL = 10.0


class Maintenance:
    """Rescue, parking, partitions and samples, each on its own beat.

    `run` runs operations on one of the worker's connections, `connect` opens one for a removal
    that may have to wait, `on_work` is called when there may be something to claim, `on_over` with
    jobs that a rescue has ended. `worked` says how many attempts this worker has begun.
    """

    def __init__(
        self,
        *,
        run: Run,
        connect: Callable[[], Awaitable[AsyncConnection[Any]]],
        schema: str,
        registry: Registry,
        queues: Sequence[str],
        retention: Retention,
        telemetry: Telemetry,
        on_work: Callable[[], None],
        on_over: Callable[[Sequence[UUID]], Awaitable[None]],
        worked: Callable[[], int],
    ) -> None:
        self.rescuer = Rescuer(run, telemetry, on_again=on_work, on_over=on_over)
        self.parking = Parking(run, registry, telemetry, queues=queues, on_unparked=on_work)
        self.partitions = Partitions(run, connect, schema, retention, telemetry)
        self.sampler = Sampler(run, worked)
        self._unparking = Service(
            "bringing back jobs", self.parking.unpark, UNPARK_INTERVAL, telemetry
        )
        self._services = (
            Service("rescuing jobs", self.rescuer.rescue, RESCUE_INTERVAL, telemetry),
            Service("parking jobs", self.parking.park, PARK_INTERVAL, telemetry),
            self._unparking,
            Service("tending partitions", self.partitions.tend, PARTITION_INTERVAL, telemetry),
            Service("taking samples", self.sampler.sample, SAMPLE_INTERVAL, telemetry),
        )

    def start(self) -> None:
        """Begin, everything at once for the first time."""
        for service in self._services:
            service.start()

    def types_changed(self) -> None:
        """Bring back at once what this worker handles now."""
        self._unparking.hurry()

    async def stop(self) -> None:
        """End."""
        for service in self._services:
            await service.stop()
