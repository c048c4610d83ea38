"""Everything that is measured, in the order of the report."""

from __future__ import annotations

from bench.workload import Workload
from bench.workloads.creating import Bulk, BusyCreate, Create
from bench.workloads.draining import Drain
from bench.workloads.growth import Archived, History, Paused, Scheduled
from bench.workloads.hard import Hard
from bench.workloads.idle import Idle
from bench.workloads.importing import Importing
from bench.workloads.memory import Memory
from bench.workloads.monitor import Monitor
from bench.workloads.pickup import Pickup
from bench.workloads.queues import Queues
from bench.workloads.snapshot import Snapshot
from bench.workloads.steady import Steady, SteadyTransactions

WORKLOADS: tuple[Workload, ...] = (
    Drain(1),
    Pickup(),
    Drain(2),
    Create(1),
    Create(16),
    Bulk(),
    Steady(),
    History(),
    Scheduled(),
    Queues(),
    Hard(),
    BusyCreate(),
    SteadyTransactions(),
    Archived(),
    Paused(),
    Snapshot(),
    Memory(),
    Monitor(),
    Importing(),
    Idle(),
)
"""Those that need statements counted come last: the server is started anew for them."""
