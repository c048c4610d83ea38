"""Steps of the exhaustive model, done in the database, where they are in flight as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

from integration.sql.scene import NEVER, NOT_YET, Scene
from model.exhaustive.rules import State, Step, holds_suspect
from model.rows import Rows
from steve.core.job import Job as Claimed
from steve.core.outcome import Cancelled, Complete, Outcome, Released
from steve.operations.control import cancel, retry
from steve.operations.maintenance import bury, rescue, sweep
from steve.operations.worker import renew, retire

REPORTED: dict[str, Outcome] = {
    "complete": Complete(b"1"),
    "error": NOT_YET,
    "released": Released(),
    "failed": NEVER,
    "cancelled": Cancelled(None),
}
SAME = ("status", "attempts", "refunded", "crashes", "max_attempts", "max_crashes")


class Replay:
    """A queue for each job, so that a claim can be of one of them; and a session for each, which
    holds what is in flight on it."""

    def __init__(self, connect: Callable[[], Scene], start: State) -> None:
        self._scene, self._beside = connect(), connect()
        self._sessions = [connect() for _ in start.jobs]
        self._uids = [
            self._scene.create(
                queue=f"q{n}", max_attempts=job.max_attempts, max_crashes=job.max_crashes
            ).uid
            for n, job in enumerate(start.jobs)
        ]
        self._workers = [self._scene.worker(lease=9999) for _ in start.workers]
        self._claims: list[list[Claimed]] = [[] for _ in start.jobs]
        self._claiming: dict[int, Claimed] = {}

    def do(self, state: State, step: Step) -> None:
        """Take a step that is possible; its answer has to say that it was taken."""
        match step:
            case ("claim", int(worker), int(job)):
                self._sessions[job].connection.execute("begin")
                (self._claiming[job],) = self.claim(state, worker, job)
            case ("report", int(job), int(claim), str(outcome)):
                self._sessions[job].connection.execute("begin")
                assert self.report(job, claim, outcome) is not None
            case ("commit" | "abort", int(job)):
                claimed = self._claiming.pop(job, None)
                if step[0] == "commit" and claimed is not None:
                    self._claims[job].append(claimed)
                end = "commit" if step[0] == "commit" else "rollback"
                self._sessions[job].connection.execute(end)
            case ("cancel", int(job)):
                asked = self._scene.run(cancel([self._uids[job]]))
                assert asked == [self._uids[job]] * (not state.jobs[job].cancelling)
            case ("retry", int(job)):
                assert self._scene.run(retry([self._uids[job]], force=True)) == [self._uids[job]]
            case ("rescue", int(job)):
                with self._locked("select from steve.job where uid <> %s", self._uids[job]):
                    assert [each.uid for each in self.rescue()] == [self._uids[job]]
            case (str(name), int(worker)):
                self._do_worker(name, self._workers[worker])
            case _:
                raise AssertionError(step)

    def _do_worker(self, name: str, worker: int) -> None:
        run = self._scene.run
        match name:
            case "expire":
                late = (
                    "update steve.worker set expires_at = '2000-01-01' where id = %s returning id"
                )
                assert self._scene.value(late, worker) == worker
            case "renew":
                assert run(renew(worker, 0, None)) is not None
            case "retire":
                run(retire(worker))
            case "bury":
                with self._locked("select from steve.worker where id <> %s", worker):
                    assert worker in run(bury())
            case "sweep":
                assert run(sweep([worker])) == []
            case _:
                raise AssertionError(name)

    @contextmanager
    def _locked(self, rows: LiteralString, *values: object) -> Iterator[None]:
        """Let a statement that steps over what others have locked see nothing else."""
        with self._beside.connection.transaction():
            self._beside.connection.execute(f"{rows} for update skip locked", values)
            yield

    def claim(self, state: State, worker: int, job: int) -> list[Claimed]:
        """Try to claim a job for a worker."""
        return (
            self._sessions[job]
            .claim(
                self._workers[worker],
                queues={f"q{job}": 1},
                suspects=not holds_suspect(state, worker),
            )
            .jobs
        )

    def report(self, job: int, claim: int, outcome: str) -> Any:
        """Try to report the end of an attempt."""
        return self._sessions[job].finish(self._claims[job][claim - 1], REPORTED[outcome])

    def rescue(self) -> list[Any]:
        """Rescue whatever there is."""
        return self._scene.run(rescue(self._workers, 100))

    def compare(self, state: State) -> None:
        """What is committed must be what the model says."""
        rows = Rows(self._scene.connection)
        rows.check()
        for job, row in zip(state.jobs, rows.jobs, strict=True):
            for name in SAME:
                assert getattr(row, name) == getattr(job, name), (name, row, job)
            ends = [status for _, status, _ in row.log]
            assert (len(ends), ends.count("lost")) == (job.ended, job.lost)
            if row.held:
                assert row.worker == self._workers[job.worker]
                assert row.cancelling == job.cancelling
        for is_, worker in zip(state.workers, self._workers, strict=True):
            row = rows.workers[worker]
            assert (row.death is not None, row.swept) == (is_ in {"dead", "swept"}, is_ == "swept")

    def close(self) -> None:
        for session in self._sessions:
            session.connection.rollback()
