"""Cancelling, retrying and deleting jobs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import AsyncConnection

from steve.core.checks import flag, whole
from steve.core.errors import JobRunning
from steve.core.job import STATUSES, TERMINAL
from steve.database.execute import execute
from steve.jobs.choice import Filter, Uid, check_page, check_uids, require_choice
from steve.jobs.endings import tell_over
from steve.jobs.looking import Looking
from steve.jobs.trouble import explained
from steve.operations import control
from steve.operations.query import page

if TYPE_CHECKING:
    from typing import Unpack

BATCH = 500
"""Jobs that one statement changes."""

_LIVE = [status for status in STATUSES if status not in TERMINAL]
_UNSUCCESSFUL = [status for status in STATUSES if status in TERMINAL and status != "completed"]
_AT_REST = [status for status in STATUSES if status != "running"]
_MOST_STARTS = 32_767


class Controlling(Looking):
    """The part of the manager that steers jobs."""

    async def cancel(
        self, uids: Uid | Iterable[Uid] | None = None, **filter: Unpack[Filter]
    ) -> list[UUID]:
        """Cancel jobs that are not over, and return the uids of those that were changed.

        What has not started is cancelled at once; a running handler is told within a second and
        its job is cancelled when it ends. `uids` are one or several, or use the keywords of
        `fetch_all`, without which nothing is limited.
        """
        changed: list[UUID] = []
        async with aclosing(self._batches(uids, filter, _LIVE, "cancel")) as batches:
            async for batch in batches:
                cancelled = await self._run(control.cancel(batch))
                changed += cancelled
                await self._tell(cancelled)
        return changed

    async def retry(
        self,
        uids: Uid | Iterable[Uid] | None = None,
        *,
        starts: int = 1,
        force: bool = False,
        **filter: Unpack[Filter],
    ) -> list[UUID]:
        """Bring failed, cancelled and expired jobs back, and return the uids of those changed.

        They start at once, keep their history, and have `starts` starts left. Completed jobs come
        back only with `force`. Jobs are chosen as in `cancel`.
        """
        whole(starts, "starts", 1, _MOST_STARTS)
        statuses = [*_UNSUCCESSFUL, *(("completed",) if flag(force, "force") else ())]
        changed: list[UUID] = []
        async with aclosing(self._batches(uids, filter, statuses, "retry")) as batches:
            async for batch in batches:
                changed += await self._run(control.retry(batch, starts=starts, force=force))
        return changed

    async def delete(
        self, uids: Uid | Iterable[Uid] | None = None, **filter: Unpack[Filter]
    ) -> list[UUID]:
        """Delete jobs with their attempts, and return the uids of those that existed.

        Raises `JobRunning`, and deletes nothing, if one of `uids` is running, or if a filter asks
        for status "running"; a filter that does not name it passes running jobs over.
        """
        require_choice(uids, filter, "delete")
        if uids is not None:
            return await self._delete_together(check_uids(uids))
        if "running" in (check_page(filter)["statuses"] or ()):
            running = await self.fetch_all(**{**filter, "status": "running", "limit": BATCH})  # pyright: ignore[reportArgumentType]
            if running:
                raise JobRunning(job.uid for job in running)
        changed: list[UUID] = []
        async with aclosing(self._batches(None, filter, _AT_REST, "delete")) as batches:
            async for batch in batches:
                changed += (await self._run(control.delete(batch, skip_running=True))).uids
        return changed

    async def _delete_together(self, uids: Sequence[UUID]) -> list[UUID]:
        """Delete all of these, or none if one of them is running."""
        runtime = await self._opened()

        async def work(connection: AsyncConnection[Any]) -> list[UUID]:
            gone: list[UUID] = []
            for batch in _slices(uids):
                found = await self._delete_here(connection, batch)
                # A job that was on its way from one table to the other has arrived now.
                unseen = list(set(batch).difference(found))
                gone += [*found, *await self._delete_here(connection, unseen)]
            return gone

        with explained(self._settings.schema):
            return await runtime.database.transact(work)

    async def _delete_here(
        self, connection: AsyncConnection[Any], uids: Sequence[UUID]
    ) -> list[UUID]:
        deleted = await execute(connection, control.delete(uids), self._settings.schema)
        if deleted.running:
            raise JobRunning(deleted.running)
        return deleted.uids

    async def _batches(
        self,
        uids: Uid | Iterable[Uid] | None,
        filter: Mapping[str, Any],
        statuses: Sequence[str],
        verb: str,
    ) -> AsyncGenerator[list[UUID], None]:
        """Go through the chosen jobs of these statuses. Their order of ids does not change, so
        that nothing comes twice; the newest first, so that new ones do not keep it going."""
        require_choice(uids, filter, verb)
        if uids is not None:
            for batch in _slices(check_uids(uids)):
                yield batch
            return
        chosen = await self._settled(check_page(filter), filter.get("after"))
        asked = chosen["statuses"]
        chosen["statuses"] = [s for s in statuses if asked is None or s in asked]
        left: float = float("inf") if chosen["limit"] is None else chosen["limit"]
        while left > 0:
            chosen["limit"] = int(min(BATCH, left))
            found = await self._run(page(**chosen))
            if found:
                yield [job.uid for job in found]
            if len(found) < chosen["limit"]:
                return
            chosen |= {"after": found[-1].id, "offset": 0}
            left -= len(found)

    async def _tell(self, cancelled: Sequence[UUID]) -> None:
        """Let those in this process know that jobs are over that had not started."""
        await tell_over(await self._opened(), self._callbacks, self._run, cancelled)


def _slices(uids: Sequence[UUID]) -> list[list[UUID]]:
    return [list(uids[start : start + BATCH]) for start in range(0, len(uids), BATCH)]
