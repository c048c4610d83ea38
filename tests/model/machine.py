"""Drives the operations and the model side by side, in any order, and compares after each step.

There are few jobs and few attempts, so that they meet: the report of an old claim and a new one,
a retry by hand and a rescue. What is done next is drawn from what may change something, by
weight, so that most steps do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from model.reference import JobRow
from model.rows import CLEAR, Rows
from model.steps import LEASE, OUTCOMES, Steps, new_job
from steve.core.job import Job
from steve.operations.control import cancel, delete, retry
from steve.operations.create import create
from steve.operations.maintenance import bury, sweep
from steve.operations.queue import pause, resume
from steve.operations.worker import renew, retire

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any], str], Any]

MOST_JOBS = 3
REMEMBERED = 5
"""Claims and uids, the last ones, that reports and people may be about."""

NEW_JOBS = st.fixed_dictionaries(
    {
        "max_attempts": st.sampled_from([2, 1, 1]),
        "max_crashes": st.sampled_from([3, 1, 0]),
        "priority": st.sampled_from([0, 0, 5]),
        "delay": st.sampled_from([0.0, 0.0, 10.0]),
        "queue": st.sampled_from(["default", "default", "other"]),
    }
)
DELAYS = st.sampled_from([0.0, 0.0, 10.0])
WAITS = st.sampled_from([0.0, None, 0.5])

WEIGHTS = {
    "create": 3,
    "work": 5,
    "claim": 1,
    "claim one": 2,
    "complete": 3,
    "settle": 4,
    "report together": 2,
    "progress": 1,
    "ask": 1,
    "start over": 2,
    "cancel": 1,
    "cancel running": 2,
    "retry": 4,
    "delete": 1,
    "pause": 1,
    "live": 1,
    "stop": 2,
    "crash": 4,
    "maintain": 4,
    "pass time": 2,
}


class JobMachine(Steps, RuleBasedStateMachine):
    """One connection, a clock that stands still between the steps, and the model."""

    def __init__(self) -> None:
        super().__init__()
        self.uids: list[UUID] = []
        self.claims: list[Job] = []

    @initialize(first=NEW_JOBS)
    def begin(self, first: dict[str, Any]) -> None:
        self.connection.execute(CLEAR)
        self.set_clock(datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1))
        self.uids.append(self._create(**first))
        self._register()

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        names = [name for name, count in WEIGHTS.items() for _ in range(count * self.may(name))]
        name = data.draw(st.sampled_from(names), "next")
        getattr(self, name.replace(" ", "_"))(data.draw)

    @invariant()
    def rows_are_as_expected(self) -> None:
        rows = Rows(self.connection)
        assert rows.jobs == list(self.model.jobs.values())
        assert rows.workers == self.model.workers
        rows.check()

    def may(self, name: str) -> bool:
        """Whether it makes sense now."""
        jobs, workers = self.model.jobs.values(), self.model.workers.values()
        match name:
            case "create":
                return len(jobs) < MOST_JOBS
            case "work":
                return any(job.status == "pending" for job in jobs)
            case "complete" | "settle" | "report together" | "progress" | "ask" | "start over":
                return bool(self.claims)
            case "crash" | "cancel running":
                return any(job.held for job in jobs)
            case "retry" | "delete":
                return self.model.over() > 0
            case "maintain":
                return any(
                    not row.swept if row.death else row.expires_at < self.now for row in workers
                )
            case _:
                return True

    # Creators and people.

    def create(self, draw: Draw) -> None:
        self.uids.append(self._create(**draw(NEW_JOBS, "job")))

    def cancel(self, draw: Draw) -> None:
        self._cancel(self._uid(draw))

    def cancel_running(self, draw: Draw) -> None:
        running = [job.uid for job in self.model.jobs.values() if job.held]
        self._cancel(draw(st.sampled_from(running), "running"))

    def _cancel(self, uid: UUID) -> None:
        changed = self.run(cancel([uid]))
        assert changed == ([uid] if self.model.cancel(uid, self.now) else [])

    def retry(self, draw: Draw) -> None:
        uid, starts = self._uid(draw), draw(st.sampled_from([1, 2]), "starts")
        force = draw(st.booleans(), "force")
        changed = self.run(retry([uid], starts=starts, force=force))
        again = self.model.retry(uid, self.now, starts=starts, force=force)
        assert changed == ([uid] if again else [])

    def delete(self, draw: Draw) -> None:
        """Delete what can be; a creator sends one of them once more."""
        uids = list(dict.fromkeys([self._uid(draw), self._uid(draw)]))
        skip = draw(st.booleans(), "skip running")
        deleted = self.run(delete(uids, skip_running=skip))
        expected = self.model.delete(uids, skip_running=skip)
        assert (set(deleted.uids), set(deleted.running)) == expected
        made = self.run(create([new_job(uids[0], max_attempts=1)], resent=True))
        assert bool(made) == self.model.create(JobRow(uids[0], self.now, max_attempts=1))

    def pause(self, draw: Draw) -> None:
        queue = draw(st.sampled_from(["other", "default"]), "queue")
        if queue in self.model.paused:
            self._resume(queue)
        else:
            seconds = draw(st.sampled_from([10, None]), "seconds")
            until = None if seconds is None else self.now + timedelta(seconds=seconds)
            self.run(pause(queue, until))
            self.model.paused[queue] = until

    def _resume(self, queue: str) -> None:
        assert self.run(resume(queue)) is True
        assert self.run(resume(queue)) is False
        del self.model.paused[queue]

    # Workers.

    def pass_time(self, draw: Draw) -> None:
        seconds = draw(st.sampled_from([1, 10, 31, 31]), "seconds")
        self.set_clock(self.now + timedelta(seconds=seconds))

    def work(self, draw: Draw) -> None:
        """Somebody alive claims whatever there is, perhaps after having waited for it."""
        if draw(st.sampled_from([True, True, False]), "wait until it is due"):
            pending = [job for job in self.model.jobs.values() if job.status == "pending"]
            self.set_clock(max(self.now, min(job.run_at for job in pending)))
            for queue in list(self.model.paused):
                self._resume(queue)
        worker = self._alive()
        self.claims += self._claim(worker, 9, 0, True)

    def claim(self, draw: Draw) -> None:
        """Anybody claims, dead or alive, with any wish."""
        slots = draw(st.sampled_from([0, 1, 9]), "slots")
        ahead = draw(st.sampled_from([0, 1, 9]), "ahead")
        suspects = draw(st.booleans(), "suspects")
        self.claims += self._claim(self._worker(draw), slots, ahead, suspects)

    def claim_one(self, draw: Draw) -> None:
        """As who is told of a job does: alive or not, whatever has become of the job."""
        pending = [job.uid for job in self.model.jobs.values() if job.status == "pending"]
        uid = draw(st.sampled_from([*pending, *self.uids[-1:]]), "uid")
        alive = draw(st.sampled_from([True, True, False]), "alive")
        self.claims += self._claim_one(self._alive() if alive else self._worker(draw), uid)

    def complete(self, draw: Draw) -> None:
        """Somebody reports who has the job, or had it; so do the next two."""
        held = self._held(draw)
        self._complete(held, draw(WAITS, "wait") or 0.0)
        self._verify(held)

    def settle(self, draw: Draw) -> None:
        held, how = self._held(draw), draw(st.sampled_from(["error", *OUTCOMES]), "outcome")
        self._settle(held, how, draw(DELAYS, "delay"), draw(WAITS, "wait"))
        self._verify(held)

    def report_together(self, draw: Draw) -> None:
        """A group of ends, of now and of long ago. Of one job it has the latest attempt only."""
        recent = self.claims[-REMEMBERED:]
        chosen = draw(st.sets(st.integers(0, len(recent) - 1), min_size=1), "claims")
        # In the order of the claims: that of the fences is for the database to choose.
        held = list({job.uid: job for n, job in enumerate(recent) if n in chosen}.values())
        some = st.sampled_from(["complete", "error", *OUTCOMES])
        self._report_together(held, [draw(some, "outcome") for _ in held])

    def ask(self, draw: Draw) -> None:
        self._ask(self.claims[-REMEMBERED:], self._worker(draw))

    def progress(self, draw: Draw) -> None:
        self._progress(self._held(draw), draw(st.sampled_from([0.25, 0.5]), "share"))

    def start_over(self, draw: Draw) -> None:
        """It is given back and claimed again: from now on the claim before is an old one."""
        how = draw(st.sampled_from(["error", "released"]), "outcome")
        self._settle(self._held(draw), how, 0.0, 0.0)
        if self.may("work"):
            self.work(draw)

    def live(self, draw: Draw) -> None:
        worker = self._worker(draw)
        alive = self.run(renew(worker, 0, None)) is not None
        assert alive == self.model.renew(worker, self.now)

    def stop(self, draw: Draw) -> None:
        worker = self._worker(draw)
        self.run(retire(worker))
        self.model.retire(worker)

    # Everybody.

    def crash(self, draw: Draw) -> None:
        """Everybody dies, and what they had is rescued: jobs that have seen it may be suspects."""
        self.set_clock(self.now + timedelta(seconds=LEASE + 1))
        self._maintain("all")

    def maintain(self, draw: Draw) -> None:
        """The steps of maintenance, in any order; after all of them nothing is stuck."""
        self._maintain(draw(st.sampled_from(["all", "bury", "rescue", "sweep", "sweep"]), "step"))

    def _maintain(self, step: str) -> None:
        if step in {"bury", "all"}:
            assert set(self.run(bury())) == self.model.bury(self.now)
        if step in {"rescue", "all"}:
            self._rescue(batch=9 if step == "all" else 1)
        if step in {"sweep", "all"}:
            dead = [id for id, row in self.model.workers.items() if row.death]
            assert set(self.run(sweep(dead))) == self.model.sweep(dead)
        if step == "all":
            assert self.model.bury(self.now) == set()

    def _uid(self, draw: Draw) -> UUID:
        return draw(st.sampled_from(self.uids[-REMEMBERED:]), "uid")

    def _held(self, draw: Draw) -> Job:
        return draw(st.sampled_from(self.claims[-REMEMBERED:]), "claim")

    def _alive(self) -> int:
        """A worker that is, a new one if need be."""
        for id, row in reversed(self.model.workers.items()):
            if row.death is None and row.expires_at > self.now:
                return id
        return self._register()

    def _worker(self, draw: Draw) -> int:
        return draw(st.sampled_from(list(self.model.workers)[-REMEMBERED:]), "worker")
