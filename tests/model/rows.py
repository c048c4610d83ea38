"""The database's rows in the terms of the model, and what is true of them at any time."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg

from model.reference import JobRow, WorkerRow

Connection = psycopg.Connection[tuple[Any, ...]]

CLEAR = "; ".join(
    f"delete from steve.{table}"
    for table in (
        "job",
        "job_archive",
        "attempt",
        "worker",
        "queue",
        "sleeper",
        "log",
        "sample",
        "action",
    )
)
"""Leaves no row of any test before. Faster than TRUNCATE where there are many partitions."""

CLOCK = """
    create or replace function steve.now() returns timestamptz
    language sql stable parallel safe
    as $$ select coalesce(
        nullif(current_setting('steve_test.now', true), '')::timestamptz,
        statement_timestamp()
            + coalesce(nullif(current_setting('steve_test.ahead', true), ''), '0')::interval
    ) $$
"""
"""A clock that each session can stop at an instant of its own, or set ahead."""

_COLUMNS = """
    uid, run_at, queue, priority, max_attempts, max_crashes, status, worker, attempt_id, attempts,
    refunded, crashes, cancel_requested_at is not null, progress, error ->> 'type', attempted_at,
    started_at, completed_at
"""
_LIVE = frozenset({"pending", "running", "blocked"})
_OVER = frozenset({"completed", "failed", "cancelled", "expired"})


class Rows:
    """All rows, as they are now."""

    def __init__(self, connection: Connection) -> None:
        def read(query: LiteralString) -> list[tuple[Any, ...]]:
            return connection.execute(query, prepare=True).fetchall()

        self._live = read(f"select id, {_COLUMNS} from steve.job")
        self._archive = read(f"select id, {_COLUMNS} from steve.job_archive")
        self._attempts = read(
            "select job_id, attempt_number, status, worker, id from steve.attempt order by id"
        )
        workers = read(
            "select id, expires_at, lease, death, swept_at is not null from steve.worker"
            " order by id"
        )
        self.workers = {id: WorkerRow(*row) for id, *row in workers}

    @property
    def jobs(self) -> list[JobRow]:
        """All jobs, live and archived, in the order of their creation."""
        return [self._job(*row) for row in sorted([*self._live, *self._archive])]

    def _job(self, id: int, *columns: Any) -> JobRow:
        log = [(number, status, worker) for _, number, status, worker, _ in self._log(id)]
        return JobRow(*columns, log=log)

    def _log(self, id: int) -> list[tuple[Any, ...]]:
        return sorted(attempt for attempt in self._attempts if attempt[0] == id)

    def check(self) -> None:
        """Raise AssertionError if a row breaks a rule that holds at any time."""
        assert {row[7] for row in self._live} <= _LIVE, "a job that is over is live"
        assert {row[7] for row in self._archive} <= _OVER, "a job that is not over is archived"
        for part in (0, 1):
            names = [row[part] for row in (*self._live, *self._archive)]
            assert len(names) == len(set(names)), "a job is there twice"
        jobs = {row[0]: self._job(*row) for row in (*self._live, *self._archive)}
        assert {attempt[0] for attempt in self._attempts} <= jobs.keys(), "an attempt has no job"
        for id, job in jobs.items():
            self._check_job(id, job)

    def _check_job(self, id: int, job: JobRow) -> None:
        if job.status in _LIVE:
            assert (job.status == "running") == (job.worker is not None), job
        if job.status == "running":
            assert not self.workers[job.worker or 0].swept, "a swept worker holds a job"
        # The attempt that runs, and the one that completed the job, are the job's own row.
        own = [job.attempts] if job.status in {"running", "completed"} else []
        numbers = [attempt[1] for attempt in self._log(id)]
        assert numbers + own == [*range(1, job.attempts + 1)], "attempts are not all on record"
        fences = [attempt[4] for attempt in self._log(id)]
        assert fences == sorted(set(fences)), "an attempt's id was used again"
        assert not fences or fences[-1] <= (job.fence or 0), "a fence went back"
