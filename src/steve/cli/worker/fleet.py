"""Several worker processes under one supervisor."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress

from steve.cli.worker.member import Member
from steve.cli.worker.probing import probing

logger = logging.getLogger("steve.fleet")

RENEW = 85
"""Exit code of a process that reached its --max-…: it is replaced at once."""

USAGE = 2
LONGEST_PAUSE = 30.0
SHORT_LIFE = 10.0
MOST_SHORT_LIVES = 5
"""So many deaths in a row within SHORT_LIFE seconds of the start are no accident any more."""

_STOPPED = (0, RENEW, -signal.SIGTERM, -signal.SIGINT, 130)
"""How a process may end that was told to: by a signal when it had hardly started."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Fleet:
    """Keeps `count` processes of one command running until it is told to stop.

    A process that crashes is started again, after a pause that doubles while it keeps crashing.
    The first signal stops all of them gracefully, the second one in a hurry, the third kills.
    """

    def __init__(self, command: list[str], count: int) -> None:
        self._command = command
        self._count = count
        self._members: dict[int, Member] = {}
        self._stopping = asyncio.Event()
        self._signals = 0
        self._code = 0

    def alive(self) -> bool:
        """Whether no running process is stuck. One that is being replaced is in good hands."""
        return all(member.alive for member in self._members.values())

    def ready(self) -> bool:
        """Whether every process is ready."""
        return len(self._members) == self._count and all(
            member.ready for member in self._members.values()
        )

    async def run(self) -> int:
        """Run until all processes have ended; returns the exit code."""
        loop = asyncio.get_running_loop()
        for kind in _SIGNALS:
            loop.add_signal_handler(kind, self._signalled, kind)
        try:
            async with asyncio.TaskGroup() as keepers:
                for number in range(1, self._count + 1):
                    keepers.create_task(self._keep(number))
        finally:
            for kind in _SIGNALS:
                loop.remove_signal_handler(kind)
            for member in self._members.values():
                member.send(signal.SIGTERM)
        return self._code

    def _signalled(self, kind: signal.Signals) -> None:
        self._signals += 1
        # A terminal that closes means the same as a request to end.
        passed_on = signal.SIGTERM if kind is signal.SIGHUP else kind
        if self._signals > 2:
            passed_on = signal.SIGKILL
        self._stop(passed_on)

    def _stop(self, passed_on: signal.Signals = signal.SIGTERM) -> None:
        self._stopping.set()
        for member in self._members.values():
            member.send(passed_on)

    async def _keep(self, number: int) -> None:
        """Keep process `number` running, one life after the other."""
        short_lives = 0
        while not self._stopping.is_set():
            member = await self._start(number)
            code = await member.ended()
            del self._members[number]
            if self._stopping.is_set():
                self._code = self._code or int(code not in _STOPPED)
                return
            if code == RENEW:
                continue
            if code in (0, USAGE):
                # Asked to stop from elsewhere; or wrong in a way that a new start cannot change.
                self._end(code)
                return
            short_lives = short_lives + 1 if member.age < SHORT_LIFE else 0
            if short_lives >= MOST_SHORT_LIVES:
                logger.error("worker process %s keeps crashing: giving up", number)
                self._end(1)
                return
            await self._pause(number, code, min(2.0**short_lives, LONGEST_PAUSE))

    async def _start(self, number: int) -> Member:
        member = await Member.spawn(number, self._command)
        self._members[number] = member
        logger.info("worker process %s is pid %s", number, member.process.pid)
        if self._stopping.is_set():
            # The signal came while the process was being made.
            member.send(signal.SIGTERM)
        return member

    def _end(self, code: int) -> None:
        if code != 0:
            self._code = self._code or code
            self._stop()

    async def _pause(self, number: int, code: int, seconds: float) -> None:
        logger.warning(
            "worker process %s crashed (%s), starting it again in %.0f s",
            number, _how(code), seconds,
        )  # fmt: skip
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


async def supervise(fleet: Fleet, *, probe_host: str, probe_port: int | None) -> int:
    """Run a fleet, with one probe for all of its processes; returns the exit code."""
    async with probing(fleet.alive, fleet.ready, probe_host, probe_port):
        return await fleet.run()
