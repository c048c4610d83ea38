"""Tables that move while they are used."""

from __future__ import annotations

import asyncio
import sys

import psycopg

from storm.faults.fault import Fault, Scene


class SchemaGone(Fault):
    """The schema is not there for a while, as after a DROP; then it is restored, with its jobs."""

    name = "the schema is gone and restored"
    lane = "server"

    async def strike(self, scene: Scene) -> int:
        before = scene.server.log_size()
        # A worker that finds no tables ends with a message.
        async with scene.crew.forgiven():
            await _rename(scene, "steve", "steve_away")
            try:
                await asyncio.sleep(scene.random.uniform(0.5, 1.5))
            finally:
                await _rename(scene, "steve_away", "steve")
        return int(scene.server.said('relation "steve.', before) > 0)


class Migrate(Fault):
    """`steve migrate`, and the maintenance that a DBA runs, while everybody works."""

    name = "migrate and rebuild under load"
    lane = "server"

    async def strike(self, scene: Scene) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "steve", "migrate", "--db", scene.server.dsn(),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        if await process.wait():
            # It met another fault.
            return 0
        await scene.server.run("reindex index concurrently steve.job_claim")
        await scene.server.run("vacuum (full, analyze) steve.worker")
        return 1


async def _rename(scene: Scene, old: str, new: str) -> None:
    """Rename a schema as soon as its lock is to be had and the server is there."""
    while True:
        try:
            await scene.server.run(f'alter schema "{old}" rename to "{new}"')
        except psycopg.errors.InvalidSchemaName:
            return
        except psycopg.OperationalError:
            await asyncio.sleep(0.1)
        else:
            return


FAULTS: tuple[type[Fault], ...] = (SchemaGone, Migrate)
