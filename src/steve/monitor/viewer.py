"""Who looks at the monitor."""

from __future__ import annotations

from dataclasses import dataclass

from steve.core.checks import flag, label


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks at the monitor. `name` is recorded with what they do; `may_act` lets them
    do it, also where the monitor itself is read-only."""

    name: str
    may_act: bool = False

    def __post_init__(self) -> None:
        label(self.name, "name")
        flag(self.may_act, "may_act")
