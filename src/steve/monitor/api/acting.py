"""What viewers do. All of it is recorded with who did it, in the transaction that does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import msgspec

from steve.core.job import JobStatus
from steve.monitor.api.endpoint import Asked
from steve.monitor.api.jobs import search, sought
from steve.monitor.api.rows import actions
from steve.monitor.live.hub import Hub
from steve.monitor.looking import Looking
from steve.monitor.problems import Refused
from steve.monitor.redaction import Redaction
from steve.monitor.shapes.asked import Act, Changed, Done, Filter, Pause, Resume, Stop
from steve.monitor.shapes.jobs import Verb
from steve.monitor.source import Source, Transaction
from steve.operations import control, monitor_jobs, queue
from steve.operations.create import clock
from steve.operations.monitor_whole import record, request_stop


class Acting:
    """Retrying, cancelling, deleting, pausing, resuming and stopping."""

    def __init__(self, source: Source, looking: Looking, hub: Hub, redaction: Redaction) -> None:
        self._source = source
        self._looking = looking
        self._hub = hub
        self._redaction = redaction

    async def act(self, asked: Asked) -> Changed:
        """Retry, cancel or delete jobs.

        Those named by uid, or a stretch of those that a filter matches: `next` goes on with the
        next stretch. Jobs in a status that the action is not for are left as they are.
        """
        body: Act = asked.body
        if (body.filter is None) == (not body.uids):
            raise Refused(400, "say which jobs: give uids or a filter, and not both")
        if body.filter is None:
            uids, following = list(dict.fromkeys(body.uids)), None
            target: dict[str, Any] = {"uids": uids}
        else:
            uids, following = await self._matching(body.action, body.filter, body.after)
            target = {"filter": _given(body.filter)}
        changed = await self._change(body.action, uids, target, asked.viewer.name)
        missed = [] if body.filter is not None else [uid for uid in uids if uid not in {*changed}]
        return Changed(changed, missed, following)

    async def pause(self, asked: Asked) -> Done:
        """Start no more jobs of a queue; running ones go on."""
        body: Pause = asked.body
        name, actor = body.name, asked.viewer.name

        async def work(transaction: Transaction) -> None:
            until = None
            if body.seconds is not None:
                until = await transaction.run(clock()) + timedelta(seconds=body.seconds)
            await transaction.run(queue.pause(name, until, actor))
            target = {"queue": name, "seconds": body.seconds}
            await transaction.run(record(actor, "pause", target, 1))

        await self._source.transact(work)
        self._acted()
        return Done(True)

    async def resume(self, asked: Asked) -> Done:
        """Let a paused queue go on; says whether it was paused."""
        body: Resume = asked.body
        actor = asked.viewer.name

        async def work(transaction: Transaction) -> bool:
            done = await transaction.run(queue.resume(body.name))
            await transaction.run(record(actor, "resume", {"queue": body.name}, int(done)))
            return done

        done = await self._source.transact(work)
        self._acted()
        return Done(done)

    async def stop(self, asked: Asked) -> Done:
        """Ask a worker to stop gracefully; says whether it is alive."""
        body: Stop = asked.body
        actor = asked.viewer.name

        async def work(transaction: Transaction) -> bool:
            done = await transaction.run(request_stop(body.id))
            await transaction.run(record(actor, "stop", {"worker": body.id}, int(done)))
            return done

        done = await self._source.transact(work)
        self._acted()
        return Done(done)

    async def _matching(
        self, verb: Verb, filter: Filter, after: str | None
    ) -> tuple[list[UUID], str | None]:
        """Find a stretch of jobs that match and are in a status for the action."""
        statuses = [status for status in _for(verb) if not filter.status or status in filter.status]
        if not statuses:
            return [], None
        chosen = sought(msgspec.structs.replace(filter, status=statuses), self._redaction)
        found = await search(self._source, chosen, monitor_jobs.uids(chosen, after=after))
        return found.uids, found.next

    async def _change(
        self, verb: Verb, uids: Sequence[UUID], target: dict[str, Any], actor: str
    ) -> list[UUID]:
        if not uids:
            return []

        async def work(transaction: Transaction) -> list[UUID]:
            changed = await _done(transaction, verb, uids, actor)
            await transaction.run(record(actor, verb, target, len(changed)))
            return changed

        changed = await self._source.transact(work)
        if verb == "cancel":
            await self._source.tell(changed)
        self._acted()
        return changed

    def _acted(self) -> None:
        self._looking.acted()
        self._hub.hasten()


async def _done(
    transaction: Transaction, verb: Verb, uids: Sequence[UUID], actor: str
) -> list[UUID]:
    if verb == "cancel":
        return await transaction.run(control.cancel(uids, actor))
    if verb == "retry":
        return await transaction.run(control.retry(uids, actor=actor))
    deleted = (await transaction.run(control.delete(uids, skip_running=True))).uids
    # A job that was on its way from one table to the other has arrived now.
    unseen = list(set(uids).difference(deleted))
    if unseen:
        deleted += (await transaction.run(control.delete(unseen, skip_running=True))).uids
    return deleted


def _for(verb: Verb) -> list[JobStatus]:
    """The statuses of jobs that this can be done with."""
    return [status for status in get_args(JobStatus) if verb in actions(status)]


def _given(filter: Filter) -> dict[str, Any]:
    """What a filter says, without what it leaves open."""
    said = msgspec.to_builtins(filter)
    return {name: value for name, value in said.items() if value not in (None, [])}
