"""A connection on which a test plays out what creators, workers and maintenance do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from steve.core.job import Attempt, Job, PreparedJob
from steve.core.outcome import Complete, Failed, Failure, Outcome, Retried
from steve.core.uid import uuid7
from steve.database.execute import Runnable, execute_blocking
from steve.operations.claim import Claim, Mark, claim
from steve.operations.create import Created, create_one
from steve.operations.finish import Report, Settled, complete, settle
from steve.operations.maintenance import Rescued, bury, rescue, sweep
from steve.operations.query import find
from steve.operations.worker import Registration, register

T = TypeVar("T")

FAILURE = Failure("ValueError", "it did not work", "Traceback …", "f1")
NOT_YET = Retried(0.0, FAILURE)
NEVER = Failed(FAILURE)
HOUR = 3600.0


def prepared(uid: UUID | None = None, **changes: Any) -> PreparedJob:
    """Say what job to create: type "t", everything else by default."""
    fields: dict[str, Any] = {
        "uid": uid or uuid7(),
        "type": "t",
        "payload": b"{}",
        "queue": "default",
        "priority": 0,
        "max_attempts": 3,
        "max_crashes": 3,
        "backoff": "exp",
        "run_at": None,
        "delay": None,
        "timeout": None,
        "tags": [],
        "meta": b"{}",
    }
    assert changes.keys() <= fields.keys(), changes
    return PreparedJob(**{**fields, **changes})


class Scene:
    """What can be done on one connection, in a few words."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(dsn, autocommit=True)

    @property
    def pid(self) -> int:
        return self.connection.info.backend_pid

    def close(self) -> None:
        self.connection.close()

    def settle_down(self) -> bool:
        """Forget what a test has set; whether the connection can be used for another one."""
        if not self.connection.closed:
            self.connection.rollback()
            self.connection.execute("reset all")
            self.connection.execute("unlisten *")
            list(self.connection.notifies(timeout=0))
        return not self.connection.closed

    def run(self, operation: Runnable[T]) -> T:
        return execute_blocking(self.connection, operation, "steve")

    def all(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values).fetchall()

    def value(self, query: LiteralString, *values: object) -> Any:
        """The only value of the only row."""
        ((value,),) = self.all(query, *values)
        return value

    def set_ahead(self, seconds: float) -> None:
        """Set this session's clock ahead of the others'."""
        self.value("select set_config('steve_test.ahead', %s, false)", f"{seconds} seconds")

    def now(self) -> datetime:
        return self.value("select steve.now()")

    def create(self, **changes: Any) -> Created:
        (made,) = self.run(create_one(prepared(**changes)))
        return made

    def worker(
        self,
        *,
        queues: Sequence[str] = ("default",),
        types: Sequence[str] | None = None,
        lease: float = 30.0,
        channel: str = "nobody listens",
    ) -> int:
        """Register a worker; returns its id."""
        return self.run(
            register(
                Registration(
                    name="w",
                    host="h",
                    pid=1,
                    version="0",
                    channel=channel,
                    queues=list(queues),
                    types=None if types is None else list(types),
                    concurrency=1,
                    lease=lease,
                )
            )
        )

    def claim(
        self,
        worker: int,
        slots: int = 1,
        *,
        ahead: int = 0,
        suspects: bool = True,
        types: Sequence[str] | None = None,
        queues: Mapping[str, int] | None = None,
        marks: Sequence[Mark] = (),
    ) -> Claim:
        return self.run(
            claim(
                worker,
                {"default": 1000} if queues is None else queues,
                types,
                slots=slots,
                ahead=ahead,
                suspects=suspects,
                marks=marks,
            )
        )

    def started(self, worker: int | None = None, **changes: Any) -> Job:
        """A new job in the hands of a worker."""
        made = self.create(**changes)
        (job,) = self.claim(self.worker() if worker is None else worker).jobs
        assert job.uid == made.uid, "another job was due"
        return job

    def finish(
        self, job: Job, outcome: Outcome | None = None, wait: float | None = 0.0
    ) -> Settled | None:
        """Write down how the last attempt of `job` ended; None: it was lost."""
        outcome = Complete() if outcome is None else outcome
        write = complete if isinstance(outcome, Complete) else settle
        return self.run(write([Report(job, outcome, wait)])).get(job.id)

    def over(self, outcome: Outcome | None = None, **changes: Any) -> Job:
        """A job that is over, as it was when its worker held it."""
        job = self.started(**changes)
        assert self.finish(job, outcome) is not None
        return job

    def found(self, uid: UUID) -> Job:
        ((job, _),) = self.run(find([uid]))
        return job

    def attempts(self, uid: UUID) -> list[Attempt]:
        ((_, attempts),) = self.run(find([uid], with_attempts=True))
        assert attempts is not None
        return attempts

    def row(self, uid: UUID, table: LiteralString = "steve.jobs") -> dict[str, Any] | None:
        """The job's row, all columns by name."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(f"select * from {table} where uid = %s", [uid]).fetchone()

    def crash(self, *workers: int) -> list[Rescued]:
        """Let the leases of all workers run out, and rescue what these held."""
        self.all(
            "update steve.worker set expires_at = '2000-01-01' where id = any(%s) returning id",
            [*workers],
        )
        return self.rescue()

    def rescue(self) -> list[Rescued]:
        """Do what maintenance does: bury, rescue, sweep."""
        dead = self.run(bury())
        rescued = self.run(rescue(dead, 1000))
        self.run(sweep(dead))
        return rescued
