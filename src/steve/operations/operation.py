"""An operation on the database, as a value: what to send, and how to read the answer.

Executors of either colour run them; nothing here touches a connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Row = Sequence[Any]
Rows = Sequence[Row]


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One statement with its parameters.

    `name` is the statement's file below `sql/statements`. `repeatable` says that sending it
    again after a lost reply does no harm; `planned_once` that one plan does for all values, and
    that making a plan is what takes long; `planned_anew` that the plan depends on the values;
    `urgent` that somebody waits for it on an idle system, where each step counts.
    """

    name: str
    parameters: Mapping[str, Any]
    read: Callable[[Rows], T]
    repeatable: bool = False
    planned_once: bool = False
    planned_anew: bool = False
    urgent: bool = False


def nothing(rows: Rows) -> None:
    """Read the answer of a statement that has none."""


def first_column(rows: Rows) -> list[Any]:
    """Read a single column as a list."""
    return [row[0] for row in rows]
