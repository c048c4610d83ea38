"""All faults, by where they strike."""

from storm.faults import database, host, network, processes, schema, servers
from storm.faults.fault import CannotInject, Fault, Scene

EVERYWHERE: tuple[type[Fault], ...] = (
    *processes.FAULTS, *servers.FAULTS, *network.FAULTS, *database.FAULTS, *schema.FAULTS,
)  # fmt: skip
"""Those that need nothing but processes and a proxy."""

ALL: tuple[type[Fault], ...] = (*EVERYWHERE, *host.FAULTS)

__all__ = ["ALL", "EVERYWHERE", "CannotInject", "Fault", "Scene"]
