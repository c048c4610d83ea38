"""Runs claimed jobs: so many at once, each attempt in a task of its own."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from time import monotonic

from steve.core.codec import encode_result
from steve.core.context import CancelReason, current_job
from steve.core.errors import NotInHandler, PayloadError
from steve.core.job import Job
from steve.core.outcome import (
    Complete,
    Failed,
    Failure,
    Outcome,
    Released,
)
from steve.core.registry import Registry
from steve.events.callbacks import Callbacks
from steve.operations.finish import Report
from steve.telemetry.catalogue import AttemptStarted, HandlerStuck, ResultReplaced
from steve.telemetry.telemetry import Telemetry
from steve.worker.finisher import Finisher
from steve.worker.invoke import DONE, invoke, start_task, undisturbed
from steve.worker.run import Run
from steve.worker.threads import Threads
from steve.worker.transaction import Transaction
from steve.worker.transactions import Transactions

REMIND_AFTER = 2.0
"""Seconds that a handler has for cleaning up before it is cancelled once more."""

STUCK_AFTER = 5.0
"""Seconds after which a handler that was told to stop, and did not, is reported."""


class Executor:
    """The slots of a worker and, before them, the jobs claimed ahead."""

    def __init__(
        self,
        registry: Registry,
        finisher: Finisher,
        transactions: Transactions,
        callbacks: Callbacks,
        telemetry: Telemetry,
        *,
        concurrency: int,
        max_result: int,
        on_room: Callable[[], None],
    ) -> None:
        self.concurrency = concurrency
        self.ended = 0
        """Attempts that have ended so far."""
        self.busy = 0.0
        """Seconds that they took, all together."""
        self._registry = registry
        self._finisher = finisher
        self._transactions = transactions
        self._callbacks = callbacks
        self._telemetry = telemetry
        self._max_result = max_result
        self._on_room = on_room
        self._threads = Threads()
        self._buffer: deque[Run] = deque()
        self._running: dict[int, Run] = {}
        self._in_hand: Counter[str] = Counter()
        self._suspects = 0
        self._pumping = False
        self._shut = False
        self._loop = asyncio.get_running_loop()

    @property
    def running(self) -> int:
        """Handlers that run now, stuck ones included."""
        return len(self._running)

    @property
    def buffered(self) -> int:
        """Jobs claimed and not started."""
        return len(self._buffer)

    @property
    def free(self) -> int:
        """Slots that neither a running nor a buffered job will take."""
        return self.concurrency - len(self._running) - len(self._buffer)

    @property
    def has_suspect(self) -> bool:
        """Whether a job that was in a worker's hands when it died is in hand here."""
        return self._suspects > 0

    def in_hand(self, queue: str) -> int:
        """Jobs of a queue that are running or buffered."""
        return self._in_hand[queue]

    def runs(self) -> list[Run]:
        """The attempts running now."""
        return list(self._running.values())

    def attempt_ids(self) -> set[int]:
        """The attempts running or buffered."""
        return {*self._running, *(run.job.attempt_id or 0 for run in self._buffer)}

    def accept(self, jobs: Iterable[Job], claimed_at: float) -> None:
        """Take claimed jobs, in the order in which they are to start."""
        for job in jobs:
            self._buffer.append(Run(job, claimed_at, self))
            self._in_hand[job.queue] += 1
            self._suspects += job.crashes > 0
        if self._shut:
            self.give_back()
        self._pump()

    def shut(self) -> None:
        """Start nothing more: what is buffered, and what still comes, is given back."""
        self._shut = True
        self.give_back()

    def give_back(self, older_than: float = 0.0) -> int:
        """Release buffered jobs that have waited so many seconds; returns how many."""
        limit = monotonic() - older_than
        released = 0
        while self._buffer and self._buffer[-1].claimed_at <= limit:
            run = self._buffer.pop()
            self._forget(run)
            self._finisher.report(Report(run.job, Released(), None))
            released += 1
        return released

    def tell_all(self, reason: CancelReason) -> None:
        """Tell every running handler to stop."""
        for run in self.runs():
            run.tell(reason)

    def tell(self, attempt_id: int, reason: CancelReason) -> None:
        """Tell one handler to stop."""
        run = self._running.get(attempt_id)
        if run is not None:
            run.tell(reason)

    def abandon(self) -> list[Run]:
        """Give up on handlers that did not stop: their jobs are released, their work is lost."""
        stuck = self.runs()
        for run in stuck:
            self._report_stuck(run, monotonic())
            self._running.pop(run.job.attempt_id or 0, None)
            self._forget(run)
            self._finisher.report(Report(run.job, Released(), run.wait))
        return stuck

    def watch(self) -> None:
        """Look after handlers that were told to stop: remind them, and report them."""
        now = monotonic()
        for run in self.runs():
            if run.told_at is None:
                continue
            if now - run.reminded_at >= REMIND_AFTER:
                run.tell_again()
            if now - run.told_at >= STUCK_AFTER:
                self._report_stuck(run, now)

    def close(self) -> None:
        """Let the threads of `def` handlers end."""
        self._threads.close()

    def progress(self, run: Run, fraction: float, message: str | None) -> Awaitable[None]:
        """Write a handler's progress down; see `Job.progress`."""
        self._refuse_left_behind(run)
        return self._from_anywhere(lambda: self._finisher.progress(run, fraction, message))

    def transaction(self, run: Run) -> Transaction:
        """Open a handler's transaction, or join the one it has."""
        self._refuse_left_behind(run)
        if run.transaction_block is None:
            run.transaction_block = Transaction(self._transactions, run.job)
        return run.transaction_block

    def _refuse_left_behind(self, run: Run) -> None:
        if run.job.attempt_id not in self._running:
            raise NotInHandler(
                "the worker has stopped without waiting for this handler any longer, and has given "
                "its job back: nothing that it does counts"
            )

    def _from_anywhere(self, ask: Callable[[], asyncio.Future[None]]) -> Awaitable[None]:
        """Ask something of the loop, also from a thread, which then waits for the answer."""
        here = asyncio._get_running_loop()  # pyright: ignore[reportPrivateUsage]
        if here is self._loop:
            return ask()

        async def relay() -> None:
            await ask()

        answer = asyncio.run_coroutine_threadsafe(relay(), self._loop)
        if here is not None:
            # A handler in a thread that runs a loop of its own.
            return asyncio.wrap_future(answer)
        answer.result()
        return DONE

    def _pump(self) -> None:
        # A task may end before it is left for the first time, and would start the next from
        # within itself, and so on down the stack.
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._buffer and len(self._running) < self.concurrency:
                self._start(self._buffer.popleft())
        finally:
            self._pumping = False

    def _start(self, run: Run) -> None:
        self._running[run.job.attempt_id or 0] = run
        run.task = start_task(self._attempt(run))

    async def _attempt(self, run: Run) -> None:
        self._begin(run)
        try:
            outcome = await self._perform(run)
        except BaseException as error:  # SystemExit too must not leave the attempt
            # Here and no deeper: a GeneratorExit out of what the handler awaits, a thread of its
            # own or ours, closes every coroutine below the task's and is raised in that one.
            outcome = run.decide(error)
        if run.transaction_block is not None:
            ran = monotonic() - run.started_at
            outcome = await undisturbed(run.transaction_block.conclude(outcome, run.wait, ran))
        self._end(run, outcome)

    def _begin(self, run: Run) -> None:
        job = run.job
        current_job.set(job)
        job.bind(run)
        run.started_at = monotonic()
        if job.attempts == 1 and job.started_at is not None:
            job.started_at += timedelta(seconds=run.wait)
        if job.timeout is not None:
            loop = asyncio.get_running_loop()
            run.timer = loop.call_later(job.timeout, run.tell, "timeout")
        if self._telemetry.wants(AttemptStarted):
            self._telemetry.emit(AttemptStarted(job))
        if self._callbacks.active:
            self._callbacks.attempt_started(job)

    async def _perform(self, run: Run) -> Outcome:
        job = run.job
        if run.signal.is_set():
            return run.decide(None)
        handler = self._registry.resolve(job.type)
        if handler is None:
            # Removed since the claim: others may have it.
            return Released()
        if isinstance(job.payload, PayloadError):
            return Failed(Failure.of(job.payload))
        result = await invoke(handler, job, self._threads)
        if run.signal.reason in {"timeout", "cancelled", "lost"}:
            return run.decide(None)
        data, replaced = encode_result(result, self._max_result)
        job.result = result
        if replaced is not None:
            self._telemetry.emit(ResultReplaced(job, replaced))
        return Complete(data)

    def _end(self, run: Run, outcome: Outcome | None) -> None:
        if run.timer is not None:
            run.timer.cancel()
        run.job.bind(None)
        if self._running.pop(run.job.attempt_id or 0, None) is None:
            # Abandoned when the worker stopped; its job has been given back.
            return
        self._forget(run)
        ran = monotonic() - run.started_at
        self.ended += 1
        self.busy += ran
        if outcome is not None:
            self._finisher.report(Report(run.job, outcome, run.wait, ran))
        self._pump()
        self._on_room()

    def _forget(self, run: Run) -> None:
        self._in_hand[run.job.queue] -= 1
        self._suspects -= run.job.crashes > 0

    def _report_stuck(self, run: Run, now: float) -> None:
        if not run.stuck_reported:
            run.stuck_reported = True
            seconds = now - (run.told_at or now)
            self._telemetry.emit(HandlerStuck(run.job, run.signal.reason or "shutdown", seconds))
