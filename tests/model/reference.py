"""What is true of jobs and workers, as a plain program: the table of states, without a database.

Everything happens at once and one after another here. Times are the caller's `now`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

LIVE = frozenset({"pending", "running"})
QUEUES = ("default", "other")
"""In the order in which workers look at them."""


@dataclass
class JobRow:
    """A job, wherever it lies. `fence` is the id of its last attempt, `log` what is on record of
    attempts: number, status, worker."""

    uid: UUID
    run_at: datetime
    queue: str = "default"
    priority: int = 0
    max_attempts: int = 3
    max_crashes: int = 3
    status: str = "pending"
    worker: int | None = None
    fence: int | None = None
    attempts: int = 0
    refunded: int = 0
    crashes: int = 0
    cancelling: bool = False
    progress: float | None = None
    error: str | None = None
    attempted_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    log: list[tuple[int, str, int | None]] = field(
        default_factory=list[tuple[int, str, int | None]]
    )

    @property
    def suspect(self) -> bool:
        """It may be what killed the workers that had it."""
        return self.crashes > (1 if self.max_crashes > 2 else 0)

    @property
    def held(self) -> bool:
        """A worker has it."""
        return self.status == "running"

    def timeless(self) -> JobRow:
        """The same without its times, to compare what happened at different ones."""
        epoch = datetime.min
        return replace(self, run_at=epoch, attempted_at=None, started_at=None, completed_at=None)


@dataclass
class WorkerRow:
    """A worker: the end of its lease, and how it died."""

    expires_at: datetime
    lease: float
    death: str | None = None
    swept: bool = False


class Model:
    """Jobs in the order of their creation, workers, and paused queues with the end of the pause."""

    def __init__(self) -> None:
        self.jobs: dict[UUID, JobRow] = {}
        self.workers: dict[int, WorkerRow] = {}
        self.paused: dict[str, datetime | None] = {}

    def over(self) -> int:
        """How many jobs are."""
        return sum(job.status not in LIVE for job in self.jobs.values())

    def create(self, job: JobRow) -> bool:
        """A uid is used once."""
        if job.uid in self.jobs:
            return False
        self.jobs[job.uid] = job
        return True

    def register(self, worker: int, now: datetime, lease: float) -> None:
        self.workers[worker] = WorkerRow(now + timedelta(seconds=lease), lease)

    def renew(self, worker: int, now: datetime) -> bool:
        """Death is final; a lease that has merely run out may be renewed."""
        row = self.workers[worker]
        if row.death is None:
            row.expires_at = now + timedelta(seconds=row.lease)
        return row.death is None

    def retire(self, worker: int) -> None:
        if self.workers[worker].death is None:
            self.workers[worker].death = "stopped"

    def bury(self, now: datetime) -> set[int]:
        """Declare the silent dead; all the dead that are not swept."""
        for row in self.workers.values():
            if row.death is None and row.expires_at < now:
                row.death = "lost"
        return {id for id, row in self.workers.items() if row.death and not row.swept}

    def sweep(self, workers: Iterable[int]) -> set[int]:
        """Tick off the dead who hold nothing; those that still do."""
        left: set[int] = set()
        for id in workers:
            if any(job.worker == id and job.held for job in self.jobs.values()):
                left.add(id)
            else:
                self.workers[id].swept = True
        return left

    def claim(
        self, worker: int, now: datetime, *, slots: int, ahead: int = 0, suspects: bool = True
    ) -> list[JobRow]:
        """Start what is due, in the order of priority, then queue, time, creation.

        The database chooses the fence; until the caller fills it in no report is of this attempt.
        """
        row = self.workers[worker]
        if row.death or row.expires_at <= now:
            return []
        due = sorted(
            (job for job in self.jobs.values() if self._claimable(job, now, suspects)),
            key=lambda job: (-job.priority, QUEUES.index(job.queue), job.run_at),
        )[: slots + ahead]
        first_suspect = next((job for job in due if job.suspect), None)
        for_slots, early = due[:slots], due[slots:]
        taken = [job for job in for_slots if not job.suspect or job is first_suspect]
        taken += [job for job in early if not job.suspect and job.max_crashes > 0]
        for job in taken:
            self._start(job, worker, now)
        return taken

    def claim_one(self, worker: int, uid: UUID, now: datetime) -> bool:
        """Start a job by its name, if it is due and no suspect."""
        row, job = self.workers[worker], self.jobs.get(uid)
        if row.death or row.expires_at <= now or job is None:
            return False
        if not self._claimable(job, now, suspects=False):
            return False
        self._start(job, worker, now)
        return True

    @staticmethod
    def _start(job: JobRow, worker: int, now: datetime) -> None:
        job.status, job.worker, job.fence, job.attempted_at = "running", worker, None, now
        job.attempts += 1

    def _claimable(self, job: JobRow, now: datetime, suspects: bool) -> bool:
        if job.status != "pending" or job.run_at > now or (job.suspect and not suspects):
            return False
        until = self.paused.get(job.queue, now)
        return until is not None and until <= now

    def complete(self, uid: UUID, fence: int | None, now: datetime, wait: float = 0.0) -> bool:
        job = self._held(uid, fence)
        if job is None or job.cancelling:
            return False
        self._begin(job, wait)
        job.status, job.completed_at = "completed", now
        return True

    def settle(
        self,
        uid: UUID,
        fence: int | None,
        outcome: str,
        now: datetime,
        *,
        delay: float = 0.0,
        wait: float | None = 0.0,
        error: str | None = None,
    ) -> str | None:
        """End an attempt that did not complete the job; the job's new status, or None if lost."""
        job = self._held(uid, fence)
        if job is None:
            return None
        spent = job.attempts - job.refunded >= job.max_attempts
        if job.cancelling or outcome == "cancelled":
            status = "cancelled"
        elif outcome == "failed" or (outcome == "error" and spent):
            status = "failed"
        else:
            status = "pending"
        logged = {"error": "error", "failed": "error"}.get(outcome, outcome)
        if status == "cancelled" and logged != "error":
            logged = "cancelled"
        self._begin(job, wait)
        job.error = error or job.error
        self._end(job, status, logged, now, delay)
        job.refunded += status == "pending" and outcome in {"snoozed", "released"}
        return status

    def progress(self, uid: UUID, fence: int | None, share: float) -> bool | None:
        """None: lost. True: the attempt should stop."""
        job = self._held(uid, fence)
        if job is None:
            return None
        job.progress = share
        return job.cancelling

    def held_by_dead(self, workers: Iterable[int]) -> list[UUID]:
        """What there is to rescue."""
        dead = {id for id in workers if self.workers[id].death}
        return [job.uid for job in self.jobs.values() if job.worker in dead and job.held]

    def rescue(self, uids: Iterable[UUID], now: datetime) -> dict[UUID, str]:
        """Take these from the dead: the crash counts, the attempt does not."""
        became: dict[UUID, str] = {}
        for job in map(self.jobs.__getitem__, uids):
            job.refunded += 1
            job.crashes += 1
            if job.cancelling:
                status = "cancelled"
            else:
                status = "failed" if job.crashes > job.max_crashes else "pending"
            if status != "pending":
                job.error = "WorkerLost"
            job.started_at = job.started_at or job.attempted_at
            self._end(job, status, "lost", now, 0.0)
            became[job.uid] = status
        return became

    def cancel(self, uid: UUID, now: datetime) -> bool:
        """What has not started ends at once; what runs is asked to stop, once."""
        job = self.jobs.get(uid)
        if job is None or job.status not in LIVE or job.cancelling:
            return False
        if job.status == "running":
            job.cancelling = True
        else:
            job.status, job.completed_at = "cancelled", now
        return True

    def retry(self, uid: UUID, now: datetime, *, starts: int = 1, force: bool = False) -> bool:
        """Bring back what is over, with its history and `starts` starts more."""
        job = self.jobs.get(uid)
        if job is None or job.status in LIVE or (job.status == "completed" and not force):
            return False
        if job.status == "completed":
            job.log.append((job.attempts, "success", job.worker))
        job.max_attempts = max(job.max_attempts, job.attempts - job.refunded + starts)
        job.max_crashes = max(job.max_crashes, job.crashes + starts - 1)
        job.status, job.worker, job.cancelling, job.progress = "pending", None, False, None
        job.run_at, job.completed_at = now, None
        return True

    def delete(self, uids: Sequence[UUID], *, skip_running: bool) -> tuple[set[UUID], set[UUID]]:
        """Delete all of them or, if one runs, none; the deleted and the running ones."""
        known = [self.jobs[uid] for uid in uids if uid in self.jobs]
        running = {job.uid for job in known if job.status == "running"}
        if running and not skip_running:
            return set(), running
        deleted = {job.uid for job in known} - running
        for uid in deleted:
            del self.jobs[uid]
        return deleted, running

    def _held(self, uid: UUID, fence: int | None) -> JobRow | None:
        """The job, if that attempt still holds it."""
        job = self.jobs.get(uid)
        return job if job and job.held and job.fence == fence else None

    @staticmethod
    def _begin(job: JobRow, wait: float | None) -> None:
        """The handler began `wait` seconds after the claim, or never."""
        assert job.attempted_at is not None
        job.attempted_at += timedelta(seconds=wait or 0.0)
        if wait is not None:
            job.started_at = job.started_at or job.attempted_at

    @staticmethod
    def _end(job: JobRow, status: str, logged: str, now: datetime, delay: float) -> None:
        job.log.append((job.attempts, logged, job.worker))
        job.status = status
        if status == "pending":
            job.worker, job.run_at = None, now + timedelta(seconds=delay)
        else:
            job.completed_at = now
