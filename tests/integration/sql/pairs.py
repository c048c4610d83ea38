"""Any two operations on one job and its worker, the second while the first is not committed yet.

What must come of a pair follows from three things. `STARTS`: what an operation has to find to
have an effect. `LOCKS`: which rows it takes then, and what it does when another has them. And the
model, which knows what operations do one after another.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

JobIs = Literal["absent", "pending", "running", "failed"]
WorkerIs = Literal["alive", "dead"]
Meeting = Literal["waits", "skips", "passes"]


class Start(NamedTuple):
    """How the job and its worker are found."""

    job: JobIs
    worker: WorkerIs

    def __str__(self) -> str:
        return f"{self.job}-job-{self.worker}-worker"


_ALIVE = [Start(job, "alive") for job in ("running", "pending", "failed", "absent")]
_RUNNING = [Start("running", "alive"), Start("running", "dead")]

STARTS: dict[str, list[Start]] = {
    "create": [Start("absent", "alive")],
    "claim": [Start("pending", "alive")],
    "finish": _RUNNING,
    "fail": _RUNNING,
    "cancel": [Start("pending", "alive"), *_RUNNING],
    "retry": [Start("failed", "alive"), Start("failed", "dead")],
    "rescue": [Start("running", "dead")],
    "renew": _ALIVE,
    "death": _ALIVE,  # the lease has run out, and somebody notices
    # Beyond the nine: the other ends of an attempt, and of a worker.
    "error": _RUNNING,
    "stop": _ALIVE,
}
"""Where an operation has an effect."""

LOCKS: dict[str, dict[str, Meeting]] = {
    "create": {"uid": "waits"},
    "claim": {"worker": "waits", "job": "skips"},
    "finish": {"job": "waits"},
    "fail": {"job": "waits"},
    "cancel": {"job": "waits"},
    "retry": {"archived job": "waits"},
    "rescue": {"job": "skips"},
    "renew": {"worker": "waits"},
    "death": {"worker": "skips"},
    "error": {"job": "waits"},
    "stop": {"worker": "waits"},
}
"""What an operation takes where it has an effect, and what it does if another has taken it."""

SHARED = {("claim", "claim"), ("claim", "renew"), ("renew", "claim")}
"""These take a worker's row together: a claim only wants it to stay alive."""

NINE = ("create", "claim", "finish", "fail", "cancel", "retry", "rescue", "renew", "death")
OPERATIONS = tuple(STARTS)


@dataclass(frozen=True)
class Pair:
    """`first` has not ended its transaction when `second` begins."""

    first: str
    second: str
    start: Start

    def __str__(self) -> str:
        return f"{self.second}-during-{self.first}-of-{self.start}"

    @property
    def meeting(self) -> Meeting:
        """What the second does when it meets what the first has taken."""
        if self.start not in STARTS[self.second]:
            return "passes"
        taken = LOCKS[self.first]
        for row, way in LOCKS[self.second].items():
            if row in taken and not (row == "worker" and (self.first, self.second) in SHARED):
                return way
        return "passes"

    def order(self, *, committed: bool) -> list[str]:
        """The operations one after another, as their outcome must look."""
        if not committed:
            return [] if self.meeting == "skips" else [self.second]
        if self.meeting == "passes":
            # It sees nothing of the first, so it is as if it had come before.
            return [self.second, self.first]
        return [self.first, self.second] if self.meeting == "waits" else [self.first]


def pairs() -> list[Pair]:
    """Every pair, from every start where both have an effect; if there is none, where the first
    one has."""
    found: list[Pair] = []
    for first, second in product(OPERATIONS, repeat=2):
        common = [start for start in STARTS[first] if start in STARTS[second]]
        found += [Pair(first, second, start) for start in common or STARTS[first][:1]]
    return found
