"""Who takes part: peers, each in one or more configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PythonEnvironment:
    """A virtual environment: its folder below `.cache`, and what pip installs into it."""

    name: str
    requirements: tuple[str, ...]
    package: str
    """The package whose version is the peer's."""


@dataclass(frozen=True, slots=True)
class NodeEnvironment:
    """A folder of npm packages. `choices` pair a release with the oldest Node it runs on."""

    name: str
    package: str
    choices: tuple[tuple[tuple[int, ...], str], ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Growth:
    """How rows of a peer's own table are multiplied, where creating them would take too long.

    `rows` is a condition that picks the rows to copy; columns in `fresh` get the value of an
    expression instead, those with an identity or a sequence a new number.
    """

    table: str
    rows: str
    fresh: Mapping[str, str] = field(default_factory=dict)
    """Expressions may use `source`, the row copied, and `g`, the number of the copy."""
    before: str = ""
    """A statement to run before."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A job queue: what it is made of and how its state is read."""

    name: str
    adapter: str
    unfinished: str
    """A query whose only row is true while there is a job that is due and not finished.

    It may use the keys between which the jobs of the last fill are: above `%(above)s`, up to
    `%(up_to)s`.
    """
    keeps: str
    """What is left of a job that has succeeded."""
    newest: str = ""
    """A query for the highest key of a job, where the other query uses keys."""
    history: tuple[Growth, ...] = ()
    scheduled: tuple[Growth, ...] = ()
    copies: int = 100
    """Workers that one process can hold."""
    lacks: Mapping[str, str] = field(default_factory=dict)
    """Workloads that make no sense for it, with the reason."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A peer in one configuration.

    The rates are rough, in jobs per second: they choose how many jobs a measurement takes and
    how long it is expected to last. None says that there is nothing to measure.
    """

    peer: Peer
    config: str
    settings: str
    environment: PythonEnvironment | NodeEnvironment
    drains: float
    creates: float
    bulks: float
    options: Mapping[str, object] = field(default_factory=dict)
    """What the adapter is told in addition."""
    quiet: float = 0.06
    """Seconds after which a worker without jobs is surely idle."""
    best: bool = True
    """Whether it takes part where only the best configuration of each peer does."""
    start: float = 1.5
    """Seconds that its worker takes to start."""

    @property
    def name(self) -> str:
        """Such as `pgqueuer/best`."""
        return f"{self.peer.name}/{self.config}"

    @property
    def ours(self) -> bool:
        """Whether it is steve."""
        return self.peer.name == "steve"

    @property
    def yardstick(self) -> bool:
        """Whether it is no job queue but what the others are compared with."""
        return self.peer.name in {"bare", "own", "raw"}
