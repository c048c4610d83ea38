"""Judging what is around the jobs: vacuum, connections, notifications, clocks."""

from __future__ import annotations

from steve.jobs.doctor.check import Finding, Status
from steve.jobs.doctor.thresholds import (
    BLOAT_BYTES,
    BLOAT_SHARE,
    CLOCK_WARNING,
    DEAD_ROWS,
    ECHO_TIMEOUT,
    FEW_CONNECTIONS,
    FILL_FACTOR,
    ROW_OVERHEAD,
    VACUUM_SILENCE,
)
from steve.jobs.doctor.words import counted, size, span
from steve.jobs.health import CONNECTIONS_PER_WORKER
from steve.operations.doctor import Room, Upkeep


def judge_upkeep(found: Upkeep) -> list[Finding]:
    """Judge whether the live table is cleaned up, and whether it has grown out of proportion."""
    findings = _judge_autovacuum(found)
    last = "never vacuumed" if found.ago is None else f"last vacuumed {span(found.ago)} ago"
    silent = found.ago is None or found.ago >= VACUUM_SILENCE
    if silent and found.dead > max(DEAD_ROWS, found.live):
        findings.append(
            Finding(
                "warning",
                f"{found.table} has about {found.dead:,} dead rows beside {found.live:,} live "
                f"ones, and was {last}",
                "autovacuum does not get to it: see the check snapshots, then whether "
                "autovacuum_max_workers are busy elsewhere; the SQL cleans up now",
                [f"VACUUM {found.table};"],
            )
        )
    share = _share(found)
    if found.table_bytes > BLOAT_BYTES and share is not None and share < BLOAT_SHARE:
        findings.append(_judge_bloat(found, share))
    text = (
        f"{found.live:,} live and {found.dead:,} dead rows in {size(found.table_bytes)} and "
        f"{size(found.index_bytes)} of indexes, {last}"
    )
    return findings or [Finding("ok", text)]


def _judge_autovacuum(found: Upkeep) -> list[Finding]:
    findings: list[Finding] = []
    for name, on in (("autovacuum", found.autovacuum), ("track_counts", found.counts)):
        if not on:
            findings.append(
                Finding(
                    "error",
                    f"{name} is off for the whole server: nothing cleans up behind the jobs",
                    f"switch {name} on, as a superuser",
                    [f"ALTER SYSTEM SET {name} = on;", "SELECT pg_reload_conf();"],
                )
            )
    if not found.enabled:
        findings.append(
            Finding(
                "error",
                f"autovacuum is switched off for {found.table}: claims become slower by the hour",
                "let autovacuum have it again",
                [f"ALTER TABLE {found.table} RESET (autovacuum_enabled);"],
            )
        )
    return findings


def _share(found: Upkeep) -> float | None:
    """How much of the table is rows, roughly; None where the width of a row is not known."""
    if found.width is None:
        return None
    return found.live * (found.width + ROW_OVERHEAD) / FILL_FACTOR / max(found.table_bytes, 1)


def _judge_bloat(found: Upkeep, share: float) -> Finding:
    return Finding(
        "warning",
        f"{found.table} takes {size(found.table_bytes)} for about {found.live:,} live rows: by "
        f"estimate {share:.0%} of it is in use",
        "the room is used again and need not be given back, unless claims are slow: then end what "
        "the check snapshots names and run the SQL; to give the table's own room back takes VACUUM "
        "FULL, which stops all work while it runs",
        [f"VACUUM {found.table};", f"REINDEX TABLE CONCURRENTLY {found.table};"],
    )


def judge_room(found: Room, transactions_per_worker: int) -> list[Finding]:
    """Judge the connections that are left against what the live workers may still open."""
    limits = {
        "the server": found.server_limit - found.used,
        "this database": _left(found.database_limit, found.used_in_database),
        "this role": _left(found.role_limit, found.used_by_role),
    }
    known = {name: left for name, left in limits.items() if left is not None}
    whose = min(known, key=lambda name: known[name])
    left = max(known[whose], 0)
    may_have = sum(
        CONNECTIONS_PER_WORKER + min(handlers, transactions_per_worker)
        for handlers in found.handlers
    )
    wanted = max(may_have - found.used_by_workers, 0)
    text = (
        f"{counted(left, 'connection')} left within the limit of {whose}; the live workers may "
        f"open {wanted} more, with all their handlers in transactions"
    )
    if left >= max(wanted, FEW_CONNECTIONS):
        return [Finding("ok", text)]
    remedy = (
        "see in pg_stat_activity who has them; then fewer workers or a smaller "
        "transaction_connections, a pooler, or a higher max_connections (which takes a restart)"
    )
    status: Status = "error" if left == 0 else "warning"
    return [Finding(status, text, remedy)]


def _left(limit: int, used: int) -> int | None:
    return None if limit < 0 else limit - used


def judge_echo(heard: bool, *, pooled: bool, listen_db: bool) -> list[Finding]:
    """Judge whether a notification to ourselves came back."""
    if heard:
        return [Finding("ok", "notifications arrive")]
    through = " through a transaction pooler" if pooled else ""
    place = "the connection of listen_db" if listen_db else "this connection"
    return [
        Finding(
            "warning",
            f"a notification to ourselves did not come back within {ECHO_TIMEOUT:g} s: LISTEN does "
            f"not work on {place}{through}, and idle workers find jobs by polling only",
            "give the managers a direct connection string, Jobs(listen_db=…); to look at that one, "
            "`steve doctor --listen-db DSN`",
        )
    ]


def judge_clock(offset: float, uncertainty: float) -> list[Finding]:
    """Judge by how many seconds the database's clock is ahead of ours, give or take."""
    apart = abs(offset)
    if apart - uncertainty <= CLOCK_WARNING:
        return [Finding("ok", f"this machine's clock and the database's differ by {apart:.3f} s")]
    ahead = "ahead of" if offset > 0 else "behind"
    return [
        Finding(
            "warning",
            f"the database's clock is {apart:.1f} s (± {uncertainty:.3f} s) {ahead} this machine's",
            "set both by NTP. steve never compares the two, so leases and retries are right; what "
            "a program here computes for run_at is off by that much, and so are its log lines",
        )
    ]
