"""The examination: asks for the facts of each check, and has them judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection

from steve.core.errors import ConnectionFailed
from steve.core.settings import Settings
from steve.events.echo import hears_itself
from steve.jobs.doctor.asking import NO_PRIVILEGE, Asker, Trouble, trouble
from steve.jobs.doctor.check import EXIT_CODES, Check, Diagnosis, Finding, check, diagnosis
from steve.jobs.doctor.drift import judge_drift
from steve.jobs.doctor.installation import judge_partitions, judge_server, judge_version
from steve.jobs.doctor.privileges import NEEDS, judge_privileges
from steve.jobs.doctor.reference import SCRATCH, reference
from steve.jobs.doctor.renaming import printed_name, renamed
from steve.jobs.doctor.snapshots import judge_holders
from steve.jobs.doctor.surroundings import judge_clock, judge_echo, judge_room, judge_upkeep
from steve.jobs.doctor.thresholds import AHEAD_DAYS, ECHO_TIMEOUT, SNAPSHOT_WARNING
from steve.jobs.doctor.work import judge_backlog, judge_types, judge_workers
from steve.jobs.runtime import Runtime
from steve.operations import doctor as ask
from steve.operations.operation import Operation
from steve.sql import migrations, quoted

T = TypeVar("T")

_SAMPLES = 3
"""Looks at the clock; the quickest answer says most."""

_WITHOUT_SCHEMA = frozenset({"database", "schema", "snapshots", "listen", "clock"})
"""What can be looked at where steve is not installed."""

_NOT_REACHED = [Finding("unknown", "the database was not reached", "see the check database")]
_NOT_INSTALLED = [Finding("unknown", "steve is not installed", "see the check schema")]


async def examine(runtime: Runtime, settings: Settings, skip: Collection[str]) -> Diagnosis:
    """Make all checks but those in `skip`. Nothing that is wrong with the database is raised."""
    names = [name for name in EXIT_CODES if name not in skip]
    try:
        async with runtime.connection() as connection:
            return await Examination(connection, runtime, settings).make(names)
    except ConnectionFailed as error:
        remedy = "see that the server runs and that the connection string is right"
        found = [check("database", [Finding("error", str(error), remedy)])]
        others = [check(name, _NOT_REACHED) for name in names if name != "database"]
        return diagnosis([*found, *others], settings.schema, None)


class Examination:
    """The checks of one database, one after the other on one connection."""

    def __init__(
        self, connection: AsyncConnection[Any], runtime: Runtime, settings: Settings
    ) -> None:
        self._connection = connection
        self._runtime = runtime
        self._settings = settings
        self._schema = settings.schema
        self._asker = Asker(connection, settings.schema)
        self._version: int | Trouble = 0

    async def make(self, names: Sequence[str]) -> Diagnosis:
        """Make the checks of these names."""
        checks: list[Check] = []
        self._version = await self._asker.ask(ask.version())
        now = await self._asker.ask(ask.database_clock())
        looks = self._looks()
        for name in names:
            absent = self._uninstalled and name not in _WITHOUT_SCHEMA
            checks.append(check(name, _NOT_INSTALLED if absent else await looks[name]()))
        return diagnosis(checks, self._schema, None if isinstance(now, Trouble) else now)

    @property
    def _uninstalled(self) -> bool:
        version = self._version
        return version.missing if isinstance(version, Trouble) else version == 0

    def _looks(self) -> Mapping[str, Callable[[], Awaitable[Sequence[Finding]]]]:
        schema = self._schema
        per_worker = self._settings.transaction_connections
        create = f"{quoted(schema)}.create_partitions"
        return {
            "database": self._asked(ask.server(), judge_server),
            "schema": self._look_at_version,
            "drift": self._look_for_drift,
            "privileges": self._look_at_privileges,
            "partitions": self._asked(
                ask.missing_partitions(schema, AHEAD_DAYS),
                lambda missing: judge_partitions(missing, create),
            ),
            "workers": self._asked(ask.lost_workers(), lambda lost: judge_workers(lost, schema)),
            "types": self._asked(ask.unhandled(), judge_types),
            "backlog": self._asked(ask.waiting(), judge_backlog),
            "snapshots": self._asked(ask.holders(SNAPSHOT_WARNING), judge_holders),
            "vacuum": self._asked(ask.upkeep(schema), judge_upkeep),
            "connections": self._asked(ask.room(), lambda room: judge_room(room, per_worker)),
            "listen": self._listen,
            "clock": self._compare_clocks,
        }

    def _asked(
        self, operation: Operation[T], judge: Callable[[T], Sequence[Finding]]
    ) -> Callable[[], Awaitable[Sequence[Finding]]]:
        """Make a check of a question and a judgement."""

        async def look() -> Sequence[Finding]:
            found = await self._asker.ask(operation)
            return [found.finding()] if isinstance(found, Trouble) else judge(found)

        return look

    async def _look_at_version(self) -> list[Finding]:
        return judge_version(self._version, len(migrations(self._schema)), self._schema)

    async def _look_for_drift(self) -> list[Finding]:
        version = self._version
        if isinstance(version, Trouble):
            return [version.finding()]
        if version > len(migrations(self._schema)):
            text = "this steve does not know what a newer schema should be"
            return [Finding("unknown", text, "see the check schema")]
        wanted = await reference(self._connection, version)
        if isinstance(wanted, Trouble):
            return [_no_reference(wanted)]
        there = await self._asker.ask(ask.catalogue(self._schema))
        if isinstance(there, Trouble):
            return [there.finding()]
        printed = printed_name(there)
        return judge_drift(renamed(wanted, SCRATCH, self._schema, printed), there)

    async def _look_at_privileges(self) -> list[Finding]:
        server = await self._asker.ask(ask.server())
        held = await self._asker.ask(ask.privileges(self._schema, NEEDS))
        if isinstance(held, Trouble):
            return [held.finding()]
        if isinstance(server, Trouble):
            return [server.finding()]
        return judge_privileges(held, server.role, self._schema)

    async def _listen(self) -> list[Finding]:
        listen_db = self._settings.listen_db
        try:
            heard, pooled = await hears_itself(
                self._runtime.database, listen_db, timeout=ECHO_TIMEOUT
            )
        except ConnectionFailed as error:
            remedy = "see that listen_db is right, and the checks database and connections"
            return [Finding("error" if listen_db else "unknown", str(error), remedy)]
        except psycopg.Error as error:
            return [trouble(error).finding()]
        return judge_echo(heard, pooled=pooled, listen_db=listen_db is not None)

    async def _compare_clocks(self) -> list[Finding]:
        samples: list[tuple[float, float]] = []
        for _ in range(_SAMPLES):
            there = await self._asker.ask_timed(ask.database_clock())
            if isinstance(there, Trouble):
                return [there.finding()]
            half, middle = (there.ended - there.began) / 2, (there.began + there.ended) / 2
            samples.append((half, there.answer.timestamp() - middle))
        uncertainty, offset = min(samples)
        return judge_clock(offset, uncertainty)


def _no_reference(found: Trouble) -> Finding:
    """Say why the migrations could not be tried."""
    text = (
        "whether anything was changed is not known: to compare, the migrations are tried in a "
        f"schema that is rolled back, and that did not work ({found.reason})"
    )
    if found.state == NO_PRIVILEGE:
        return Finding("unknown", text, "look as a role that may create schemas in this database")
    return Finding("unknown", text, found.finding().remedy)
