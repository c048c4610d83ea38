"""The table of states once more, so small that every state of it can be visited.

What `model.reference` leaves to tests of two sessions is in here: claims and reports that are in
flight, holding locks until they commit or roll back, while anybody does anything else. There are
no times (whatever is pending is due, a lease runs out whenever it likes) and no batches: those are
several of these steps at once.

A crash is no step. Who has crashed does nothing more, and that is what every path shows of
everybody at its end. A worker that was thought dead goes on reporting: each claim that was ever
made may report anything, at any time and as often as it likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

OUTCOMES = ("complete", "error", "released", "failed", "cancelled")
OVER = frozenset({"completed", "failed", "cancelled"})

GUARDS = {
    "fence": "a report counts only for the claim it repeats",
    "unique": "the fence is a number never used again, not that of an attempt that counts",
    "held": "a report counts only while its claim holds the job",
    "locked worker": "a claim locks its worker's row against burial and retirement",
    "alive": "the dead claim nothing",
    "in time": "who is expired claims nothing",
    "final": "a renewal does not revive the dead",
    "dead only": "jobs are rescued from the dead only",
    "rescue looks again": "a rescue decides from the row that it has locked",
    "burial looks again": "a burial decides from the row that it has locked",
    "sweep looks": "who still holds a job is not swept",
    "crash counts": "a rescue counts the crash",
    "crash refunds": "a rescue refunds the attempt",
    "crashes end": "a job fails after max_crashes of them",
    "errors end": "a job fails after max_attempts of them",
    "cancel wins": "what is asked to be cancelled does not complete",
    "cancel stays": "what is asked to be cancelled is not pending again",
    "cancel asks": "a running job is asked to stop, not ended",
    "retry adds": "a retry by hand leaves a start",
    "one suspect": "of jobs that may have killed workers, a worker has one at a time",
}
"""What the statements rest on. Without any one of these the search must find something wrong."""

Step = tuple[str | int, ...]
"""A name, then whom it is about: ("claim", worker, job), ("report", job, claim, outcome), …"""


class Job(NamedTuple):
    """A job. `lock` is the transaction in flight on its row: ("claim", worker) or (outcome, claim).

    Claims are numbered per job: that stands for the numbers of the sequence, of which it matters
    only that they differ. `fences` has what each claim would show to be let in. `ended` counts the
    attempts on record as ended, `lost` those of them that ended in a rescue.
    """

    max_attempts: int
    max_crashes: int
    status: str = "pending"
    worker: int = -1
    attempts: int = 0
    refunded: int = 0
    crashes: int = 0
    ended: int = 0
    lost: int = 0
    cancelling: bool = False
    fences: tuple[int, ...] = ()
    lock: tuple[str, int] | tuple[()] = ()

    @property
    def suspect(self) -> bool:
        """It may be what killed the workers that had it."""
        return self.crashes > (1 if self.max_crashes > 2 else 0)

    @property
    def claimer(self) -> int:
        """Whose claim is in flight on it, or -1."""
        return self.lock[1] if self.lock and self.lock[0] == "claim" else -1


class State(NamedTuple):
    """Everything. A worker is alive, expired, dead or swept; `seen` is what a maintenance that
    does not look again has seen: ("job", number) or ("worker", number)."""

    jobs: tuple[Job, ...]
    workers: tuple[str, ...]
    seen: frozenset[tuple[str, int]] = frozenset()


class Rules:
    """The steps that are possible, all of the guards in place but one."""

    def __init__(self, most_claims: int, without: str = "") -> None:
        assert without in GUARDS or not without
        self._most_claims = most_claims
        self._without = without

    def steps(self, state: State) -> Iterator[tuple[Step, State]]:
        """Whatever may happen now, and what comes of it."""
        for number, job in enumerate(state.jobs):
            for step, after in self._of_job(state, number, job):
                jobs = (*state.jobs[:number], after, *state.jobs[number + 1 :])
                yield step, State(jobs, state.workers, state.seen)
        for number, worker in enumerate(state.workers):
            for step, became in self._of_worker(state, number, worker):
                workers = (*state.workers[:number], became, *state.workers[number + 1 :])
                yield step, State(state.jobs, workers, state.seen)
        if self._without.endswith("looks again"):
            yield from self._glances(state)

    def _of_job(self, state: State, number: int, job: Job) -> Iterator[tuple[Step, Job]]:
        if job.lock:
            # Everybody else waits, or steps over it.
            yield ("commit", number), self._committed(job)
            yield ("abort", number), job._replace(lock=())
            return
        if job.status == "pending" and job.attempts < self._most_claims:
            for worker in range(len(state.workers)):
                if self._may_claim(state, worker, job):
                    yield ("claim", worker, number), job._replace(lock=("claim", worker))
        if job.status not in OVER:
            for claim in range(1, job.attempts + 1):
                for outcome in OUTCOMES:
                    if self.admits(job, claim, outcome):
                        step = ("report", number, claim, outcome)
                        yield step, job._replace(lock=(outcome, claim))
            yield ("cancel", number), self._cancelled(job)
        else:
            yield ("retry", number), self._retried(job)
        if self._may_rescue(state, number, job):
            yield ("rescue", number), self._rescued(job)

    def _of_worker(self, state: State, number: int, worker: str) -> Iterator[tuple[Step, str]]:
        claiming = self._without != "locked worker" and any(
            job.claimer == number for job in state.jobs
        )
        if worker == "alive":
            yield ("expire", number), "expired"
        if worker == "expired" or (worker in {"dead", "swept"} and self._without == "final"):
            yield ("renew", number), "alive"
        if worker in {"alive", "expired"} and not claiming:
            yield ("retire", number), "dead"
        seen = self._without == "burial looks again" and ("worker", number) in state.seen
        if (worker == "expired" or (worker == "alive" and seen)) and not claiming:
            yield ("bury", number), "dead"
        holds = any(job.status == "running" and job.worker == number for job in state.jobs)
        if worker == "dead" and (not holds or self._without == "sweep looks"):
            yield ("sweep", number), "swept"

    def _glances(self, state: State) -> Iterator[tuple[Step, State]]:
        """Look now, to act upon it later."""
        if self._without == "rescue looks again":
            now = [("job", n) for n, job in enumerate(state.jobs) if _of_dead(state, job)]
        else:
            now = [("worker", n) for n, is_ in enumerate(state.workers) if is_ == "expired"]
        for what in now:
            if what not in state.seen:
                yield ("look", *what), state._replace(seen=state.seen | {what})

    def _may_claim(self, state: State, worker: int, job: Job) -> bool:
        is_ = state.workers[worker]
        if is_ in {"dead", "swept"} and self._without != "alive":
            return False
        if is_ == "expired" and self._without != "in time":
            return False
        return not job.suspect or self._without == "one suspect" or not holds_suspect(state, worker)

    def admits(self, job: Job, claim: int, outcome: str) -> bool:
        """Whether a report of a claim finds its row."""
        if job.status != "running" and self._without != "held":
            return False
        if job.fences[claim - 1] != job.fences[-1] and self._without != "fence":
            return False
        return outcome != "complete" or not job.cancelling or self._without == "cancel wins"

    def _may_rescue(self, state: State, number: int, job: Job) -> bool:
        if job.status != "running":
            return False
        if self._without == "rescue looks again":
            return ("job", number) in state.seen
        return _of_dead(state, job) or self._without == "dead only"

    def _committed(self, job: Job) -> Job:
        assert job.lock
        how, number = job.lock
        if how != "claim":
            return self._reported(job._replace(lock=()), how)
        attempts = job.attempts + 1
        fence = attempts - job.refunded if self._without == "unique" else attempts
        return job._replace(
            status="running", worker=number, attempts=attempts, fences=(*job.fences, fence),
            lock=(),
        )  # fmt: skip

    def _reported(self, job: Job, outcome: str) -> Job:
        if outcome == "complete":
            return job._replace(status="completed", worker=-1)
        spent = job.attempts - job.refunded >= job.max_attempts and self._without != "errors end"
        status = {"error": "failed" if spent else "pending", "released": "pending"}.get(
            outcome, outcome
        )
        refunded = outcome == "released" and not job.cancelling
        return self._ended(job, status, refunded=refunded)

    def _rescued(self, job: Job) -> Job:
        crashes = job.crashes + (self._without != "crash counts")
        over = crashes > job.max_crashes and self._without != "crashes end"
        return self._ended(
            job._replace(crashes=crashes, lost=job.lost + 1),
            "failed" if over else "pending",
            refunded=self._without != "crash refunds",
        )

    def _ended(self, job: Job, status: str, *, refunded: bool) -> Job:
        if job.cancelling and self._without != "cancel stays":
            status = "cancelled"
        return job._replace(
            status=status, worker=-1, ended=job.ended + 1, refunded=job.refunded + refunded
        )

    def _cancelled(self, job: Job) -> Job:
        if job.status == "running" and self._without != "cancel asks":
            return job._replace(cancelling=True)
        return job._replace(status="cancelled", worker=-1)

    def _retried(self, job: Job) -> Job:
        most = (job.max_attempts, job.max_crashes)
        if self._without != "retry adds":
            most = (max(most[0], job.attempts - job.refunded + 1), max(most[1], job.crashes))
        return job._replace(
            status="pending", cancelling=False, max_attempts=most[0],
            max_crashes=most[1], ended=job.ended + (job.status == "completed"),
        )  # fmt: skip


def holds_suspect(state: State, worker: int) -> bool:
    """Whether a worker has such a job, or is getting one."""
    return any(
        job.suspect and (job.claimer == worker or _held_by(job, worker)) for job in state.jobs
    )


def _held_by(job: Job, worker: int) -> bool:
    return job.status == "running" and job.worker == worker


def _of_dead(state: State, job: Job) -> bool:
    # Those who are swept are not looked at again.
    return job.status == "running" and state.workers[job.worker] == "dead"
