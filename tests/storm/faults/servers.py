"""PostgreSQL that is ended in all ways, and comes back."""

from __future__ import annotations

import asyncio
import signal

from storm.faults.fault import Fault, Scene


class _Ended(Fault):
    """The server ends, stays away for a moment, and recovers."""

    lane = "server"
    how: signal.Signals

    async def strike(self, scene: Scene) -> int:
        await scene.server.stop(self.how)
        gone = not await scene.server.answers()
        await asyncio.sleep(scene.random.uniform(0.0, 2.0))
        await scene.server.start()
        return int(gone)


class ImmediateStop(_Ended):
    """`pg_ctl stop -m immediate`: no checkpoint, sessions cut."""

    name = "PostgreSQL: immediate stop"
    how = signal.SIGQUIT


class KillPostmaster(_Ended):
    """SIGKILL of the postmaster."""

    name = "PostgreSQL: SIGKILL of the postmaster"
    how = signal.SIGKILL


class Restart(_Ended):
    """A fast restart, as for an update."""

    name = "PostgreSQL: restart"
    how = signal.SIGINT


class CrashedBackend(Fault):
    """SIGKILL of one session's process, upon which PostgreSQL resets all of them."""

    name = "PostgreSQL: SIGKILL of a session"
    lane = "server"

    async def strike(self, scene: Scene) -> int:
        rows = await scene.server.run(
            "select pid from pg_stat_activity where application_name like 'steve worker%'"
        )
        if not rows:
            return 0
        before = scene.server.log_size()
        scene.server.signal(scene.random.choice(rows)[0], signal.SIGKILL)
        text = "terminating any other active server processes"
        return int(await scene.eventually(lambda: scene.server.said(text, before), 10.0))


FAULTS: tuple[type[Fault], ...] = (ImmediateStop, KillPostmaster, Restart, CrashedBackend)
