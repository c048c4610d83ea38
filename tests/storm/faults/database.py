"""Sessions and statements that do not get what they want."""

from __future__ import annotations

import asyncio

import psycopg

from storm.faults.fault import Fault, Scene

LOCK = "lock table steve.job in access exclusive mode"


class Terminate(Fault):
    """`pg_terminate_backend` of sessions at random, ten times within a second."""

    name = "pg_terminate_backend"
    lane = "database"

    async def strike(self, scene: Scene) -> int:
        ended = 0
        for _ in range(10):
            rows = await scene.server.run(
                """
                select pg_terminate_backend(pid)
                from (
                    select pid from pg_stat_activity
                    where usename = 'storm' and pid <> pg_backend_pid()
                    order by random() limit 1
                ) as victim
                """
            )
            ended += len(rows)
            await asyncio.sleep(0.1)
        return int(ended > 0)


class Exhausted(Fault):
    """No connection is left, and those of the workers are cut, so that they need new ones."""

    name = "max_connections exhausted"
    lane = "database"

    async def strike(self, scene: Scene) -> int:
        taken: list[psycopg.AsyncConnection[object]] = []
        refused = 0
        until = asyncio.get_running_loop().time() + 3.0
        try:
            await scene.server.run(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'storm'"
            )
            while asyncio.get_running_loop().time() < until:
                try:
                    taken.append(await psycopg.AsyncConnection.connect(scene.server.dsn()))
                except psycopg.OperationalError as error:
                    refused += "connection slots" in str(error) or "too many" in str(error)
                    await asyncio.sleep(0.05)
        finally:
            for connection in taken:
                await connection.close()
        return int(refused > 0)


class _Timeout(Fault):
    """All sessions get a time limit, and the table is locked for longer than that."""

    lane = "database"
    setting: str
    message: str

    async def strike(self, scene: Scene) -> int:
        before = scene.server.log_size()
        await scene.server.set(self.setting, "200ms")
        try:
            for _ in range(3):
                async with await psycopg.AsyncConnection.connect(scene.server.admin) as connection:
                    await connection.execute(f"set {self.setting} = 0".encode())
                    await connection.execute(LOCK)
                    await asyncio.sleep(0.5)
                    await connection.rollback()
                await asyncio.sleep(0.2)
        finally:
            await scene.server.reset()
        return int(scene.server.said(self.message, before) > 0)


class LockTimeout(_Timeout):
    """`lock_timeout`."""

    name = "lock timeouts"
    setting = "lock_timeout"
    message = "canceling statement due to lock timeout"


class StatementTimeout(_Timeout):
    """`statement_timeout`."""

    name = "statement timeouts"
    setting = "statement_timeout"
    message = "canceling statement due to statement timeout"


class Snapshot(Fault):
    """A session keeps an old snapshot, so that nothing can be vacuumed."""

    name = "a held snapshot"
    lane = "background"

    async def strike(self, scene: Scene) -> int:
        async with await psycopg.AsyncConnection.connect(scene.server.admin) as connection:
            await connection.execute("set transaction isolation level repeatable read")
            await connection.execute("select count(*) from steve.job")
            await asyncio.sleep(scene.random.uniform(3.0, 8.0))
            held = await scene.server.run(
                "select age(backend_xmin) from pg_stat_activity where pid = %s",
                connection.info.backend_pid,
            )
        return int(held[0][0] is not None and held[0][0] > 0)


class Deadlocks(Fault):
    """User transactions lock jobs in the wrong order, against each other and against workers."""

    name = "deadlocks with user transactions"
    lane = "database"

    async def strike(self, scene: Scene) -> int:
        before = scene.server.log_size()
        for _ in range(3):
            await asyncio.gather(*(self._lock(scene, order) for order in ("asc", "desc") * 2))
        return int(scene.server.said("deadlock detected", before) > 0)

    async def _lock(self, scene: Scene, order: str) -> None:
        uids = await scene.server.run(
            f"select uid from (select uid from steve.job limit 5) as few order by uid {order}"
        )
        async with await psycopg.AsyncConnection.connect(scene.server.admin) as connection:
            try:
                for (uid,) in uids:
                    await connection.execute(
                        "select from steve.job where uid = %s for update", [uid]
                    )
                    await asyncio.sleep(0.05)
            except psycopg.errors.DeadlockDetected:
                pass
            await connection.rollback()


FAULTS: tuple[type[Fault], ...] = (
    Terminate, Exhausted, LockTimeout, StatementTimeout, Snapshot, Deadlocks,
)  # fmt: skip
