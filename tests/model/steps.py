"""Single steps, each done to the database and to the model, whose answers must agree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from model.reference import QUEUES, JobRow, Model
from steve.core.job import Job, PreparedJob
from steve.core.outcome import (
    Cancelled,
    Complete,
    Failed,
    Failure,
    Outcome,
    Released,
    Retried,
    Snoozed,
)
from steve.core.uid import uuid7
from steve.database.execute import Runnable, execute_blocking
from steve.operations.claim import claim, claim_one
from steve.operations.create import create
from steve.operations.finish import (
    Progressed,
    Report,
    cancellations,
    complete,
    progress,
    settle,
    verify,
)
from steve.operations.maintenance import rescue
from steve.operations.reconcile import orphans
from steve.operations.worker import Registration, register

T = TypeVar("T")

LEASE = 30.0
FAILURE = Failure("ValueError", "no", None, None)
OUTCOMES: dict[str, Callable[[float], Outcome]] = {
    "error": lambda delay: Retried(delay, FAILURE),
    "failed": lambda _: Failed(FAILURE),
    "snoozed": Snoozed,
    "released": lambda _: Released(),
    "cancelled": lambda _: Cancelled(None),
}


def new_job(
    uid: UUID,
    *,
    max_attempts: int = 3,
    max_crashes: int = 3,
    priority: int = 0,
    delay: float = 0.0,
    queue: str = "default",
) -> PreparedJob:
    return PreparedJob(
        uid, "t", b"{}", queue, priority, max_attempts, max_crashes, "exp", None, delay, None, [],
        b"{}",
    )  # fmt: skip


class Steps:
    """A database and a model that have come the same way so far; `now` is both clocks' time."""

    connection: psycopg.Connection[tuple[Any, ...]]
    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.last_fence = 0

    def run(self, operation: Runnable[T]) -> T:
        return execute_blocking(self.connection, operation, "steve", prepare=True)

    def set_clock(self, now: datetime) -> None:
        self.now = now
        self.connection.execute(
            "select set_config('steve_test.now', %s, false)", [now.isoformat()], prepare=True
        )

    def _create(self, **fields: Any) -> UUID:
        job = new_job(uuid7(), **fields)
        self.run(create([job]))
        run_at = self.now + timedelta(seconds=job.delay or 0.0)
        row = JobRow(
            job.uid, run_at, job.queue, job.priority, job.max_attempts, job.max_crashes
        )  # fmt: skip
        assert self.model.create(row)
        return job.uid

    def _register(self) -> int:
        said = Registration("w", "h", 1, "0", "c", list(QUEUES), None, 9, LEASE)
        worker = self.run(register(said))
        self.model.register(worker, self.now, LEASE)
        return worker

    def _claim(self, worker: int, slots: int, ahead: int, suspects: bool) -> list[Job]:
        asked = claim(
            worker, dict.fromkeys(QUEUES, 9), None, slots=slots, ahead=ahead, suspects=suspects
        )
        found = self.run(asked).jobs
        taken = self.model.claim(worker, self.now, slots=slots, ahead=ahead, suspects=suspects)
        assert {job.uid for job in found} == {job.uid for job in taken}
        return self._note(found)

    def _claim_one(self, worker: int, uid: UUID) -> list[Job]:
        found = self.run(claim_one(worker, uid))
        assert [job.uid for job in found] == [uid] * self.model.claim_one(worker, uid, self.now)
        return self._note(found)

    def _note(self, found: list[Job]) -> list[Job]:
        """Tell the model the fences of what was claimed: they have never been used before."""
        before = self.last_fence
        for job in found:
            assert job.attempt_id is not None
            assert job.attempt_id > before
            self.model.jobs[job.uid].fence = job.attempt_id
            self.last_fence = max(self.last_fence, job.attempt_id)
        return found

    def _complete(self, held: Job, wait: float) -> None:
        done = held.id in self.run(complete([Report(held, Complete(b"1"), wait)]))
        assert done == self.model.complete(held.uid, held.attempt_id, self.now, wait)

    def _settle(self, held: Job, outcome: str, delay: float, wait: float | None) -> None:
        report = Report(held, OUTCOMES[outcome](delay), wait)
        settled = self.run(settle([report])).get(held.id)
        expected = self.model.settle(
            held.uid,
            held.attempt_id,
            outcome,
            self.now,
            delay=delay if outcome in {"error", "snoozed"} else 0.0,
            wait=wait,
            error=FAILURE.type if outcome in {"error", "failed"} else None,
        )
        assert (settled and settled.status) == expected

    def _report_together(self, held: list[Job], outcomes: list[str]) -> None:
        """Several ends in one statement each, as they are written by a worker."""
        done = [job for job, how in zip(held, outcomes, strict=True) if how == "complete"]
        others = [pair for pair in zip(held, outcomes, strict=True) if pair[0] not in done]
        completed = self.run(complete([Report(job, Complete(b"1"), 0.0) for job in done]))
        assert set(completed) == {
            job.id for job in done if self.model.complete(job.uid, job.attempt_id, self.now)
        }
        settled = self.run(settle([Report(job, OUTCOMES[how](0.0), 0.0) for job, how in others]))
        expected = {
            job.id: self.model.settle(
                job.uid, job.attempt_id, how, self.now,
                error=FAILURE.type if how in {"error", "failed"} else None,
            )
            for job, how in others
        }  # fmt: skip
        assert {id: end.status for id, end in settled.items()} == {
            id: status for id, status in expected.items() if status is not None
        }

    def _ask(self, held: list[Job], worker: int) -> None:
        """What workers ask: who is to stop, and what they hold without knowing it."""
        told = self.run(cancellations(held))
        for job in held:
            row = self.model.jobs.get(job.uid)
            if row is None or not row.held or row.fence != job.attempt_id:
                assert told[job.attempt_id or 0] is False
            else:
                assert told.get(job.attempt_id or 0) == (True if row.cancelling else None)
        unknown = {job.attempt_id for job in self.run(orphans(worker, []))}
        rows = self.model.jobs.values()
        assert unknown == {row.fence for row in rows if row.held and row.worker == worker}

    def _progress(self, held: Job, share: float) -> None:
        told = self.run(progress([Progressed(held, share, None)])).get(held.id)
        assert told == self.model.progress(held.uid, held.attempt_id, share)

    def _verify(self, held: Job) -> None:
        verdict = self.run(verify([held])).get(held.id)
        job = self.model.jobs.get(held.uid)
        if job is None or job.fence != held.attempt_id:
            assert verdict is None
        else:
            assert verdict is not None
            assert (verdict.held, verdict.settled.status) == (job.held, job.status)

    def _rescue(self, batch: int) -> None:
        """Rescue all there is. Which jobs come first is for the database to choose."""
        everybody = list(self.model.workers)
        while held := self.model.held_by_dead(everybody):
            rescued = {job.uid: job.status for job in self.run(rescue(everybody, batch))}
            assert rescued.keys() <= set(held)
            assert len(rescued) == min(batch, len(held))
            assert rescued == self.model.rescue(rescued, self.now)
        assert self.run(rescue(everybody, batch)) == []
