"""What `steve doctor` says, asked now and then while somebody looks."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from time import monotonic

from steve.events.ending import end
from steve.jobs.doctor.check import Diagnosis
from steve.monitor.shapes.whole import Alarm
from steve.monitor.source import Source

EVERY_SECONDS = 30.0
SKIPPED = ("drift", "privileges", "listen", "clock")
"""Checks that take long, or are about the machine that looks."""

logger = logging.getLogger("steve.monitor")


class Alarms:
    """The last findings. Looking at them has them renewed, beside, when they are old."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._found: list[Alarm] = []
        self._checked_at: datetime | None = None
        self._due = 0.0
        self._task: asyncio.Task[None] | None = None

    def current(self) -> tuple[list[Alarm], datetime | None]:
        """Return what was found the last time, and when that was."""
        if monotonic() >= self._due and (self._task is None or self._task.done()):
            self._due = monotonic() + EVERY_SECONDS
            self._task = asyncio.create_task(self._check(), name="steve monitor alarms")
        return self._found, self._checked_at

    async def end(self) -> None:
        """Ask no more."""
        task, self._task = self._task, None
        if task is not None:
            await end(task)

    async def _check(self) -> None:
        try:
            diagnosis = await self._source.jobs.doctor(skip=SKIPPED)
        except Exception:
            logger.warning("the monitor could not look for alarms", exc_info=True)
            return
        self._found = alarms(diagnosis)
        self._checked_at = diagnosis.now


def alarms(diagnosis: Diagnosis) -> list[Alarm]:
    """What is not as it should be, the worst first."""
    return [
        Alarm(check.name, finding.status, finding.found, finding.remedy)
        for check in diagnosis.checks
        for finding in check.findings
        if finding.status != "ok"
    ]
