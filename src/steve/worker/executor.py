"""Runs claimed jobs: so many at once, each attempt in a task of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from time import monotonic

from steve.core.context import CancelReason
from steve.core.errors import NotInHandler
from steve.core.job import Job
from steve.core.outcome import Outcome, Released
from steve.core.registry import Handler
from steve.operations.finish import Report
from steve.telemetry.catalogue import HandlerStuck
from steve.telemetry.telemetry import Telemetry
from steve.worker.finisher import Finisher
from steve.worker.handling import Handling, is_awaitable
from steve.worker.run import Run
from steve.worker.tasks import DONE, start_task, undisturbed
from steve.worker.transaction import Transaction
from steve.worker.transactions import Transactions

REMIND_AFTER = 2.0
"""Seconds that a handler has for cleaning up before it is cancelled once more."""

STUCK_AFTER = 5.0
"""Seconds after which a handler that was told to stop, and did not, is reported."""

CHUNK = 25
"""Jobs started in a row. Then the loop gets a turn, so that the next claim can be sent and
outcomes be written while jobs that never wait run one after the other."""

GLANCE = 0.001
"""Seconds that may go by without a look at the lease: a process may be suspended anywhere."""


class Executor:
    """The slots of a worker and, before them, the jobs claimed ahead."""

    def __init__(
        self,
        handling: Handling,
        finisher: Finisher,
        transactions: Transactions,
        telemetry: Telemetry,
        *,
        concurrency: int,
        limited: Iterable[str],
        on_room: Callable[[], None],
        overdue: Callable[[], bool],
    ) -> None:
        self.concurrency = concurrency
        self.ended = 0
        """Attempts that have ended so far."""
        self.busy = 0.0
        """Seconds that they took, all together."""
        self.low_water = 0
        """Buffered jobs at which there is room for more."""
        self._handling = handling
        self._finisher = finisher
        self.lines = finisher.lines
        self._transactions = transactions
        self._telemetry = telemetry
        self._on_room = on_room
        self._overdue = overdue
        self._glanced_at = 0.0
        self._lease_over = False
        self._buffer: deque[Run] = deque()
        self._running: dict[int, Run] = {}
        self._in_hand = dict.fromkeys(limited, 0)
        self._suspects = 0
        self._pumping = False
        self._going_on = False
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
        """Whether a job is in hand here that may have killed workers; see `Job.suspect`."""
        return self._suspects > 0

    def in_hand(self, queue: str) -> int:
        """Jobs of one of the limited queues that are running or buffered."""
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
            if job.queue in self._in_hand:
                self._in_hand[job.queue] += 1
            if job.suspect:
                self._suspects += 1
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
        self._handling.close()

    def progress(self, run: Run, fraction: float, message: str | None) -> Awaitable[None]:
        """Write a handler's progress down; see `Job.progress`."""
        self._refuse_left_behind(run)
        return self._from_anywhere(lambda: self._finisher.progress(run, fraction, message))

    def transaction(self, run: Run) -> Transaction:
        """Open a handler's transaction, or join the one it has."""
        self._refuse_left_behind(run)
        if run.transaction_block is None:
            run.transaction_block = Transaction(self._transactions, run.job, self.lines)
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
            for _ in range(CHUNK):
                if not self._buffer or len(self._running) >= self.concurrency:
                    return
                if self._lease_is_over():
                    self.give_back()
                    return
                self._start(self._buffer.popleft())
        finally:
            self._pumping = False
        if self._buffer and not self._going_on:
            self._going_on = True
            self._loop.call_soon(self._go_on)

    def _lease_is_over(self) -> bool:
        """Whether time has gone by in which others may have taken what is buffered."""
        now = monotonic()
        if now - self._glanced_at >= GLANCE:
            self._glanced_at = now
            self._lease_over = self._overdue()
        return self._lease_over

    def _go_on(self) -> None:
        self._going_on = False
        self._pump()

    def _start(self, run: Run) -> None:
        self._running[run.job.attempt_id or 0] = run
        run.task = start_task(self._loop, self._attempt(run))

    async def _attempt(self, run: Run) -> None:
        # Up to Python 3.11 other handlers may have come first, and have let nothing happen for
        # long: all that is in hand is told then that it is lost.
        self._lease_is_over()
        self._handling.begin(run)
        try:
            # Awaited here and no deeper: a GeneratorExit out of what the handler awaits, a thread
            # of its own or ours, closes every coroutine below the task's and is raised in that one.
            handler = self._handling.admit(run)
            if isinstance(handler, Handler):
                if handler.kind == "async":
                    result = handler.function(run.job)
                else:
                    result = await self._handling.in_thread(handler, run)
                if is_awaitable(result):
                    result = await result
                outcome = self._handling.judge(run, result)
            else:
                outcome = handler
        except BaseException as error:  # SystemExit too must not leave the attempt
            outcome = run.decide(error)
        if run.transaction_block is not None:
            ran = monotonic() - run.started_at
            outcome = await undisturbed(run.transaction_block.conclude(outcome, run.wait, ran))
        self._end(run, outcome)

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
        if len(self._buffer) <= self.low_water:
            self._on_room()

    def _forget(self, run: Run) -> None:
        job = run.job
        if job.queue in self._in_hand:
            self._in_hand[job.queue] -= 1
        if job.suspect:
            self._suspects -= 1

    def _report_stuck(self, run: Run, now: float) -> None:
        if not run.stuck_reported:
            run.stuck_reported = True
            seconds = now - (run.told_at or now)
            self._telemetry.emit(HandlerStuck(run.job, run.signal.reason or "shutdown", seconds))
