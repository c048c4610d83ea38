"""One job and its worker, in the database and in the model: whatever is done, is done to both."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

from integration.sql.pairs import Start
from integration.sql.scene import FAILURE, HOUR, NEVER, NOT_YET, Scene, prepared
from model.reference import JobRow, Model
from model.rows import Rows
from steve.core.job import Job
from steve.core.uid import uuid7
from steve.operations.control import cancel, retry
from steve.operations.create import create
from steve.operations.maintenance import bury, rescue
from steve.operations.worker import renew, retire
from support.jobs import job

LEASE = 30.0
LATER = HOUR
"""How far ahead the clock is of whoever notices that the lease has run out."""


class Play:
    """The job, the worker that has or had it, and another one that does not die."""

    def __init__(self, scene: Scene, start: Start) -> None:
        self.uid = uuid7()
        self.now = scene.now()
        self.model = Model()
        self._claimed: list[Job] = []
        self.job: Job = job(id=0, uid=self.uid, attempt_id=0)
        self.worker, self.other = (self._register(scene, lease) for lease in (LEASE, 1000 * HOUR))
        # Another attempt was before the one in question.
        history = ["create", "claim", "error", "claim", "fail"]
        steps = history[: {"absent": 0, "pending": 3, "running": 4, "failed": 5}[start.job]]
        for step in [*steps, *(["death"] if start.worker == "dead" else [])]:
            self._claimer = self.worker
            assert self.do(scene, step) == self.expect(step)
            self.catch_up()
        # Who is known to be dead does not claim.
        self._claimer = self.worker if start.worker == "alive" else self.other

    def _register(self, scene: Scene, lease: float) -> int:
        id = scene.worker(lease=lease)
        self.model.register(id, self.now, lease)
        return id

    def do(self, scene: Scene, name: str) -> Any:
        """Do it in the database; the answer."""
        run = scene.run
        match name:
            case "create":
                return len(run(create([prepared(self.uid)], resent=True))) == 1
            case "claim":
                claimed = scene.claim(self._claimer).jobs
                self._claimed = claimed or self._claimed
                return [job.uid for job in claimed]
            case "finish" | "fail" | "error":
                outcome = {"finish": None, "fail": NEVER, "error": NOT_YET}[name]
                settled = scene.finish(self.job, outcome)
                return settled and settled.status
            case "cancel":
                return run(cancel([self.uid])) == [self.uid]
            case "retry":
                return run(retry([self.uid])) == [self.uid]
            case "rescue":
                return {job.uid: job.status for job in run(rescue([self.worker], 100))}
            case "renew":
                return run(renew(self.worker, 0, None)) is not None
            case "death":
                scene.set_ahead(LATER)
                return set(run(bury()))
            case "stop":
                return run(retire(self.worker))
        raise AssertionError(name)

    def expect(self, name: str) -> Any:
        """Do it in the model; the answer."""
        model, uid, now = self.model, self.uid, self.now
        match name:
            case "create":
                return model.create(JobRow(uid, now))
            case "claim":
                return [job.uid for job in model.claim(self._claimer, now, slots=1)]
            case "finish" | "fail" | "error":
                return self._expect_of_report(name)
            case "cancel":
                return model.cancel(uid, now)
            case "retry":
                return model.retry(uid, now)
            case "rescue":
                return model.rescue(model.held_by_dead([self.worker]), now)
            case "renew":
                return model.renew(self.worker, now)
            case "death":
                return model.bury(now + timedelta(seconds=LATER))
            case _:
                return model.retire(self.worker)

    def _expect_of_report(self, name: str) -> str | None:
        uid, fence, now = self.uid, self.job.attempt_id, self.now
        if name == "finish":
            return "completed" if self.model.complete(uid, fence, now) else None
        outcome = {"fail": "failed", "error": "error"}[name]
        return self.model.settle(uid, fence, outcome, now, error=FAILURE.type)

    def peek(self, name: str) -> Any:
        """The answer of the model if it came first, without doing it."""
        model = deepcopy(self.model)
        try:
            return self.expect(name)
        finally:
            self.model = model

    def catch_up(self) -> None:
        """Tell the model what only the database decides: the id of a new attempt."""
        row = self.model.jobs.get(self.uid)
        if row is not None and row.attempts and row.fence is None:
            (claimed,) = self._claimed
            assert (claimed.attempt_id or 0) > (self.job.attempt_id or 0)
            row.fence = claimed.attempt_id
            self.job = claimed

    def assert_same(self, rows: Rows) -> None:
        """Both worlds agree on every row, but for the times in it."""
        expected = [row.timeless() for row in self.model.jobs.values()]
        assert [row.timeless() for row in rows.jobs] == expected
        deaths = {id: (row.death, row.swept) for id, row in self.model.workers.items()}
        assert {id: (row.death, row.swept) for id, row in rows.workers.items()} == deaths


NOTHING: dict[str, Any] = {"claim": [], "rescue": {}, "death": set[int]()}
"""What those answer who skip rows that others have taken."""
