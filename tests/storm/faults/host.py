"""What needs more than processes: a wrong clock, a full disk."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from storm import ledger
from storm.faults.fault import CannotInject, Fault, Scene

HOUR = 3600.0
MOST_MEGABYTES = 300
"""More than the small disk has."""

FAKETIME = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
)


class WrongClock(Fault):
    """A worker whose host is an hour off, forward or backward."""

    name = "a clock that is an hour off"

    def check(self, scene: Scene) -> None:
        _faketime()

    async def strike(self, scene: Scene) -> int:
        replaced = scene.spare_worker()
        if replaced is None:
            return 0
        sign = scene.random.choice("+-")
        scene.crew.extra = {
            "LD_PRELOAD": _faketime(), "FAKETIME": f"{sign}{HOUR:.0f}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip
        scene.crew.kill(replaced)
        # The next worker that is started has the clock, and keeps it as long as it lives.
        known = {member.pid for member in scene.crew.members}
        await scene.eventually(
            lambda: any(m.pid not in known and m.what == "worker" for m in scene.crew.members), 10.0
        )
        fresh = [m for m in scene.crew.workers if m.pid not in known]
        if not fresh:
            return 0
        return int(await scene.eventually(lambda: _is_off(scene, fresh[0].pid), 10.0))


def _is_off(scene: Scene, pid: int) -> bool:
    """Whether a process has another idea of the time than we have."""
    offset = time.time() - time.monotonic()
    return any(
        line.pid == pid and line.what == "start" and abs(line.wall - line.at - offset) > HOUR / 2
        for line in ledger.read(scene.crew.ledger.path)
    )


def _faketime() -> str:
    for path in FAKETIME:
        if Path(path).exists():
            return path
    raise CannotInject("libfaketime is not installed (Debian's package `faketime`)")


class DiskFull(Fault):
    """No room for the write-ahead log: PostgreSQL goes down, and comes back when there is room."""

    name = "disk full"
    lane = "server"

    def check(self, scene: Scene) -> None:
        wal = scene.server.wal.resolve()
        if wal.stat().st_dev == scene.server.folder.stat().st_dev:
            raise CannotInject("the write-ahead log is on no small disk of its own (needs mount)")

    async def strike(self, scene: Scene) -> int:
        before = scene.server.log_size()
        folder = scene.server.wal.resolve()
        ballast = folder / "ballast"
        # All that is left but a little, which the next segments do not fit into.
        with ballast.open("wb") as file:
            room = shutil.disk_usage(folder).free - (1 << 20)
            file.truncate(0)
            os.posix_fallocate(file.fileno(), 0, max(room, 1))
        # A worker that is started meanwhile finds no server for longer than it waits for one.
        async with scene.crew.forgiven():
            try:
                await _write_until_full(scene)
                full = scene.server.said("No space left on device", before) > 0
                await asyncio.sleep(scene.random.uniform(0.5, 1.5))
            finally:
                ballast.unlink()
            if not await scene.server.answers():
                await scene.server.stop()
                await scene.server.start()
        return int(full)


async def _write_until_full(scene: Scene) -> None:
    """Write into the log until it fails: what is left of old segments is used again first."""
    with suppress(psycopg.Error):
        for _ in range(MOST_MEGABYTES):
            await scene.server.run(
                "select pg_logical_emit_message(true, 'ballast', repeat('x', 1000000))"
            )


FAULTS: tuple[type[Fault], ...] = (WrongClock, DiskFull)
