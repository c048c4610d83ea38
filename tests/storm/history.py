"""The history of a run: what the database says, and what was seen from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from storm import audit, ledger
from storm.audit import Event
from storm.ledger import Line


class Final(msgspec.Struct, frozen=True):
    """A job as it is found at the end, and in which of the two tables."""

    uid: str
    id: int
    place: str
    type: str
    status: str
    attempt_id: int | None
    attempts: int
    refunded: int
    crashes: int
    max_attempts: int
    max_crashes: int


class Logged(msgspec.Struct, frozen=True):
    """A row of `steve.attempt`."""

    uid: str
    id: int
    number: int
    status: str


@dataclass
class History:
    """All that the rules look at. Nothing in here is derived."""

    events: list[Event] = field(default_factory=list[Event])
    lines: list[Line] = field(default_factory=list[Line])
    finals: list[Final] = field(default_factory=list[Final])
    attempts: list[Logged] = field(default_factory=list[Logged])
    effects: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    @property
    def events_of(self) -> dict[str, list[Event]]:
        """The events of each job."""
        return _by_uid(self.events)

    @property
    def attempts_of(self) -> dict[str, list[Logged]]:
        """The attempts on record for each job."""
        return _by_uid(self.attempts)


def _by_uid(things: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for thing in things:
        found[thing.uid].append(thing)
    return dict(found)


def load(dsn: str, path: Path) -> History:
    """Read the history of a run whose workers have stopped."""
    with psycopg.connect(dsn, autocommit=True) as connection:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return connection.execute(query.encode()).fetchall()

        columns = (
            "uid::text, id, '{}', type, status, attempt_id, attempts, refunded, crashes,"
            " max_attempts, max_crashes"
        )
        finals = [
            Final(*row)
            for place, table in (("live", "job"), ("archive", "job_archive"))
            for row in rows(f"select {columns.format(place)} from steve.{table}")
        ]
        return History(
            events=list(audit.events(connection)),
            lines=list(ledger.read(path)),
            finals=finals,
            attempts=[
                Logged(*row)
                for row in rows(
                    "select j.uid::text, a.id, a.attempt_number, a.status"
                    " from steve.attempt a join steve.jobs j on j.id = a.job_id"
                    " order by a.id"
                )
            ],
            effects=[
                (uid, id) for uid, id in rows("select uid::text, attempt_id from storm.effect")
            ],
        )
