"""Judging what steve needs to be there: a database that writes, the schema, its partitions."""

from __future__ import annotations

from collections.abc import Sequence

from steve.jobs.doctor.asking import Trouble
from steve.jobs.doctor.check import Finding
from steve.jobs.doctor.thresholds import AHEAD_DAYS, AHEAD_ERROR
from steve.jobs.doctor.words import counted, literal, span
from steve.operations.doctor import MissingPartition, Server

_MIGRATE = "run `steve migrate` as the role that owns the schema, or is to own it"


def judge_server(found: Server) -> list[Finding]:
    """Judge whether jobs can be written there."""
    remedy = (
        "connect to the primary: name it in the connection string, or name all hosts and add "
        "target_session_attrs=read-write"
    )
    if found.standby:
        return [Finding("error", "this server is a standby: nothing can be written to it", remedy)]
    if found.read_only:
        text = "sessions are read-only here (default_transaction_read_only is on)"
        return [Finding("error", text, "set it off for this database, server or role")]
    where = f"PostgreSQL {found.version}, database {found.database}, role {found.role}"
    return [Finding("ok", where)]


def judge_version(found: int | Trouble, known: int, schema: str) -> list[Finding]:
    """Judge the version of the schema against the newest `known` one."""
    if isinstance(found, Trouble):
        if not found.missing:
            return [found.finding()]
        found = 0
    if found == 0:
        text = f"steve is not installed in schema {schema!r} of this database"
        return [Finding("error", text, f"{_MIGRATE}; or choose another with --schema")]
    if found < known:
        text = f"the schema has version {found}, and this steve needs {known}"
        return [Finding("error", text, f"{_MIGRATE}; workers may go on meanwhile")]
    if found > known:
        text = f"the schema has version {found}, and this steve knows only up to {known}"
        remedy = "upgrade pg-steve here to what the rest of the fleet runs"
        return [Finding("error", text, remedy)]
    return [Finding("ok", f"version {found}, as this steve needs")]


def judge_partitions(missing: Sequence[MissingPartition], create: str) -> list[Finding]:
    """Judge the gaps ahead. `create` is the function that fills them."""
    if not missing:
        return [Finding("ok", f"there are partitions for the next {AHEAD_DAYS:.0f} days")]
    findings: list[Finding] = []
    for parent in dict.fromkeys(gap.parent for gap in missing):
        gaps = [gap for gap in missing if gap.parent == parent]
        first = gaps[0]
        when = f"in {span(first.seconds)}" if first.seconds > 0 else "now"
        findings.append(
            Finding(
                "error" if first.seconds < AHEAD_ERROR else "warning",
                f"{counted(len(gaps), 'partition')} of {parent} missing, the first of them "
                f"({first.name}) is needed {when}",
                "a worker makes them every hour: see that one runs whose role may; or run the SQL",
                [*dict.fromkeys(_filled(gap, create) for gap in gaps)],
            )
        )
    return findings


def _filled(gap: MissingPartition, create: str) -> str:
    """Return what fills a gap: the table may be there already, and belong to nothing."""
    if not gap.unattached:
        return f"SELECT {create}();"
    lower, upper = (literal(bound.isoformat()) for bound in (gap.lower, gap.upper))
    return (
        f"ALTER TABLE {gap.parent} ATTACH PARTITION {gap.name} FOR VALUES FROM ({lower}) "
        f"TO ({upper});"
    )
