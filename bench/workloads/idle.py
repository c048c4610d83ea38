"""What workers cost that have nothing to do."""

from __future__ import annotations

import time

from bench.contender import Contender
from bench.stage import Stage
from bench.workload import Figure, Measured, Size, Workload

WORKERS = 100
FEWER = 10
"""Workers of a peer of which a process holds one only."""

SECONDS = 32.0
"""Long enough that what a worker does every half minute has its share."""

_QUIET = 11.0
"""Seconds without new connections: idle servers add up their counts every ten."""

_LIMIT = 120.0

_TRANSACTIONS = (
    "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()"
)
_STATEMENTS = (
    "select coalesce(sum(calls), 0)::bigint from counts.pg_stat_statements(false)"
    " where dbid = (select oid from pg_database where datname = current_database())"
)


class Idle(Workload):
    """A hundred idle workers: what they send to the server."""

    name = "idle"
    title = "A hundred idle workers"
    explanation = (
        "Statements and transactions per second that one idle worker causes in its default "
        "configuration, counted by the server over all of them. A notification that a listener "
        "receives counts as a transaction."
    )
    figures = (
        Figure("statements", "statements/s per worker", 2, less_is_better=True),
        Figure("transactions", "transactions/s per worker", 2, less_is_better=True),
        Figure("server_cpu", "PostgreSQL ms of CPU/s, all", 1, less_is_better=True),
        Figure("connections", "connections, all"),
        Figure("workers", "workers"),
    )
    compared = "statements"
    statements = True

    def takes(self, contender: Contender) -> bool:
        # What makes a drain fast, such as polling often, is of no use here.
        return contender.config == "default" or contender.ours

    def seconds(self, contender: Contender, size: Size) -> float:
        starting = 0.05 * WORKERS if contender.peer.copies > 1 else FEWER * contender.start
        return 4 + starting + _QUIET + self._window(size)

    def run(self, stage: Stage, size: Size) -> Measured:
        copies = min(WORKERS, stage.peer.copies)
        processes = 1 if copies > 1 else FEWER
        workers = copies * processes
        stage.clear()
        counted = self._counted(stage)
        with stage.workers(processes, copies=copies) as crew:
            connections = _settled(stage)
            cpu, began = stage.server.cpu(), time.monotonic()
            before = self._counts(stage, counted=counted)
            time.sleep(self._window(size))
            after = self._counts(stage, counted=counted)
            seconds = time.monotonic() - began
            used = stage.server.cpu() - cpu
            crew.check()
        measured: Measured = {
            "transactions": (after[0] - before[0]) / seconds / workers,
            "server_cpu": used / seconds * 1000,
            "connections": connections,
            "workers": workers,
        }
        if counted:
            measured["statements"] = (after[1] - before[1]) / seconds / workers
        return measured

    def _window(self, size: Size) -> float:
        return max(3.0, SECONDS * min(1.0, size.scale))

    def _counted(self, stage: Stage) -> bool:
        """Let statements be counted, unless this PostgreSQL comes without the extension."""
        known = stage.rows(
            "select 1 from pg_available_extensions where name = 'pg_stat_statements'"
        )
        if known:
            stage.rows("create schema counts")
            stage.rows("create extension pg_stat_statements schema counts")
        return bool(known)

    def _counts(self, stage: Stage, *, counted: bool) -> tuple[int, int]:
        transactions = stage.rows(_TRANSACTIONS)[0][0]
        return transactions, stage.rows(_STATEMENTS)[0][0] if counted else 0


def _settled(stage: Stage) -> int:
    """Wait until no more connections come, and return how many there are beside ours."""
    deadline = time.monotonic() + _LIMIT
    last, since = -1, time.monotonic()
    while time.monotonic() < deadline:
        (count,) = stage.rows(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid()"
        )[0]
        if count != last:
            last, since = count, time.monotonic()
        elif count and time.monotonic() - since > _QUIET:
            break
        time.sleep(0.2)
    return last
