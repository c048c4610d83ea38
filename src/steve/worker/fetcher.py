"""Asks for work when there is room for it, and sleeps when there is none to be had."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from time import monotonic

from steve.core.job import Job
from steve.core.pause import Pause
from steve.core.registry import Registry
from steve.database.errors import is_schema_missing
from steve.operations.claim import claim, claim_one, doze, rise
from steve.operations.create import Told
from steve.telemetry.catalogue import JobsClaimed, StatementFailed
from steve.telemetry.telemetry import Telemetry
from steve.worker.alarm import Alarm
from steve.worker.demand import Demand
from steve.worker.doubt import Doubt
from steve.worker.executor import Executor
from steve.worker.finisher import Finisher
from steve.worker.lane import Lane
from steve.worker.marks import Marks
from steve.worker.shares import Shares

LOOKS = (0.01, 0.03, 0.08, 0.2)
"""Seconds between the looks of a fresh sleeper: a creator that did not see it asleep may commit a
little later."""

PACE = 0.006
"""Seconds between a claim that got all there was and the next: a job that comes meanwhile can wait
for so long, and at some hundred jobs a second a claim for each would cost several times as much."""

OFTEN = 2 * PACE
"""Seconds after a claim in which jobs we are told of are claimed in a group, not by their names."""

MOST_UNWRITTEN = 4000
"""Outcomes that may wait to be written before claiming pauses."""

HOARDING = 0.5
"""Seconds after which a job claimed ahead is given back, because the slots turned slow."""


class Fetcher:
    """The loop of claims. One per worker: what it does not know of, the worker does not hold."""

    def __init__(
        self,
        lane: Lane,
        executor: Executor,
        finisher: Finisher,
        registry: Registry,
        telemetry: Telemetry,
        *,
        worker: Callable[[], int],
        channel: str,
        queues: Mapping[str, int | None],
        marks: Marks,
        poll_interval: float,
        statement_deadline: float,
    ) -> None:
        self._lane = lane
        self._executor = executor
        self._finisher = finisher
        self._registry = registry
        self._telemetry = telemetry
        self._worker = worker
        self._channel = channel
        self._shares = Shares(queues, executor.in_hand)
        self._marks = marks
        self._poll_interval = poll_interval
        self._demand = Demand(executor.concurrency)
        self._doubt = Doubt(lane, executor, finisher, worker=worker, deadline=statement_deadline)
        self._alarm = Alarm()
        self._open = False
        self._asleep = False
        self._claimed_at = 0.0
        self._flowing = False
        self._looks = 0
        self._exact = False
        self._limited = False
        self._sparse = False
        self._held_up = False
        self._turn_taken = asyncio.Lock()

    def open(self) -> None:
        """Begin, or go on, to claim."""
        self._open = True
        self._alarm.ring()

    def close(self) -> None:
        """Claim nothing more; a claim that is under way still brings its jobs."""
        self._open = False
        self._alarm.ring()

    async def quiesce(self) -> None:
        """Claim nothing more, see a claim under way to its end, and leave the sleepers' list."""
        self.close()
        async with self._turn_taken:
            if self._asleep:
                await self._rise()

    @property
    def restless(self) -> bool:
        """Whether it has claimed in the last moments, and will do so again."""
        return self._open and monotonic() - self._claimed_at < sum(LOOKS)

    def wake(self, job: Told | None = None) -> None:
        """There may be something to do: this job, of which nobody else was told, if it is known."""
        if job is None:
            self._looks = 0
        self._alarm.ring(job)

    def wake_anew(self) -> None:
        """There may be something to do among what was passed over."""
        self._marks.forget()
        self.wake()

    def look(self) -> None:
        """A job of ours is pending again: it may be due before the sleep ends."""
        if self._asleep:
            self._alarm.ring()

    def room(self) -> None:
        """A slot has become free, and few jobs wait for one."""
        if self._asleep and not self._limited:
            # There was nothing more to claim, with slots to spare.
            return
        self._alarm.ring()

    def written(self) -> None:
        """Outcomes have been written, and claiming may have paused for that."""
        if self._held_up:
            self._alarm.ring()

    async def serve(self) -> None:
        """Claim, for ever. Raises when the schema is gone."""
        pause = Pause()
        while True:
            try:
                await self._step()
                pause.reset()
            except Exception as error:
                if is_schema_missing(error):
                    raise
                # The statement may have been carried out: then there are jobs nobody knows of.
                self._doubt.arise()
                seconds = pause.next()
                self._telemetry.emit(StatementFailed("claiming jobs", error, seconds))
                await asyncio.sleep(seconds)

    async def _step(self) -> None:
        self._alarm.clear()
        await self._doubt.settle()
        slots, ahead = self._wanted()
        if slots + ahead == 0:
            await self._await_room()
            return
        if await self._claim(slots, ahead):
            if self._sparse:
                await asyncio.sleep(PACE)
            return
        if self._executor.running == 0:
            self._demand.forget()
        await self._rest()

    def _wanted(self) -> tuple[int, int]:
        """How many jobs to claim for free slots, and how many ahead of them."""
        self._held_up = self._finisher.backlog > MOST_UNWRITTEN
        if not self._open or self._held_up:
            return 0, 0
        ahead = self._demand.ahead(self._executor.ended, self._executor.busy, monotonic())
        free = self._executor.free
        self._executor.low_water = (ahead + 1) // 2
        if self._exact:
            # Jobs were left that must not wait in anybody's hands: they need a slot that is free.
            return max(free, 0), 0
        if free <= 0 and (ahead == 0 or self._executor.buffered > self._executor.low_water):
            return 0, 0
        return max(free, 0), max(ahead + min(free, 0), 0)

    async def _claim(self, slots: int, ahead: int) -> bool:
        """Claim; says whether there was anything."""
        capacities = self._shares.capacities(slots + ahead)
        limited = len(capacities) < len(self._shares.queues)
        self._limited = limited or self._executor.has_suspect
        types = self._registry.types()
        if not capacities or types == []:
            return False
        async with self._turn_taken:
            return self._open and await self._take(capacities, types, slots, ahead)

    async def _take(
        self, capacities: Mapping[str, int], types: list[str] | None, slots: int, ahead: int
    ) -> bool:
        began = monotonic()
        marks = self._marks.all()
        suspects = not self._executor.has_suspect
        found = await self._lane.run(
            claim(
                self._worker(),
                capacities,
                types,
                slots=slots,
                ahead=ahead,
                suspects=suspects,
                marks=marks,
            )
        )
        self._exact = found.held_back > 0
        more = len(found.jobs) >= slots + ahead
        self._sparse = not (more or self._exact or self._limited or not found.jobs)
        if not marks:
            self._marks.learn(monotonic() - began)
        self._marks.advance(found.jobs, more=more, some_left=self._exact or not suspects)
        self._accept(found.jobs, began)
        if not found.jobs:
            self._flowing = False
            # Nothing is left only when nothing is left from the beginning on.
            return bool(marks) and not self._marks
        if self._asleep and (self._flowing or self._executor.free <= 0):
            # Creators need not notify a worker that looks for more by itself.
            await self._rise()
        self._flowing = True
        self._looks = 0
        return True

    def _accept(self, jobs: list[Job], began: float) -> None:
        """Hand over what a claim has brought that was sent at `began`."""
        # From the answer on: a wait that began with the question could end after the job.
        self._claimed_at = monotonic()
        if not jobs:
            return
        self._executor.accept(jobs, self._claimed_at)
        if self._telemetry.wants(JobsClaimed):
            seconds = self._claimed_at - began
            self._telemetry.emit(JobsClaimed(self._worker(), len(jobs), seconds))

    async def _rest(self) -> None:
        """Say that we sleep, and do so until there may be something to do."""
        fresh = True
        while self._open and self._executor.free > 0:
            pause = self._pause()
            due = await self._doze()
            if due is not None and due <= 0 and not fresh:
                return
            # The claim just before has found nothing, whatever is due: others may hold it.
            fresh = False
            begins = due is not None and 0 < due < pause
            seconds = due if begins and due else pause
            if await self._alarm.sleep(seconds, self._claim_one) or begins or self._doubt:
                return
        await self._await_room()

    async def _claim_one(self, job: Told) -> bool:
        """Claim the job we were told of; says whether we got it and may sleep on."""
        if monotonic() - self._claimed_at < OFTEN:
            return False
        async with self._turn_taken:
            mine = self._shares.room(job.queue) and self._registry.resolve(job.type)
            if not self._open or not mine:
                return False
            began = monotonic()
            found = await self._lane.run(claim_one(self._worker(), job.uid))
            self._accept(found, began)
            if self._executor.free <= 0:
                await self._rise()
        return bool(found) and self._asleep

    async def _doze(self) -> float | None:
        """Write down that we sleep; returns the seconds until a job is due, as `doze` does."""
        # The row outlives the pause, so that the next look finds it still good.
        seconds = self._poll_interval * 1.25 + 1.0
        types, marks = self._registry.types(), self._marks.all()
        due = await self._lane.run(doze(self._channel, self._shares.queues, types, seconds, marks))
        self._asleep = True
        return due

    def _pause(self) -> float:
        """The next pause: short ones first, then the poll interval, spread by a quarter."""
        if self._looks < len(LOOKS):
            pause = LOOKS[self._looks]
            self._looks += 1
            return min(pause, self._poll_interval)
        return self._poll_interval * random.uniform(0.75, 1.25)  # noqa: S311 - spreads only

    async def _await_room(self) -> None:
        """Wait for a slot; jobs claimed ahead of one that does not come are given back."""
        await self._alarm.wait(HOARDING)
        if self._executor.free < 0 and self._executor.give_back(older_than=HOARDING):
            self._demand.forget()

    async def _rise(self) -> None:
        await self._lane.run(rise(self._channel))
        self._asleep = False
