"""Operations of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Rows = list[tuple[Any, ...]]


def as_they_are(rows: Rows) -> Rows:
    return rows


@dataclass(frozen=True)
class Ask:
    """An operation like those of the package, but named by its SQL; its answer is the rows.

    Works in tests with the fixture `own_statements`.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    repeatable: bool = False
    planned_once: bool = False
    planned_anew: bool = False
    read: Callable[[Rows], Rows] = as_they_are


def ask(sql: str, /, **parameters: Any) -> Ask:
    return Ask(sql, parameters)


def ask_again(sql: str, /, **parameters: Any) -> Ask:
    """The same, for a statement that may be sent again."""
    return Ask(sql, parameters, repeatable=True)
