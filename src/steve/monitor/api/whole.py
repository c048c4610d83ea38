"""What the API says about the whole, and about who looks."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from steve.core.version import version
from steve.monitor.api.course import course
from steve.monitor.api.endpoint import Asked
from steve.monitor.guard.forgery import COOKIE
from steve.monitor.guard.gate import Gate
from steve.monitor.guard.login import is_secure
from steve.monitor.live.hub import Hub
from steve.monitor.live.stream import Stream
from steve.monitor.looking import Looking
from steve.monitor.problems import Refused
from steve.monitor.shapes import asked as shapes
from steve.monitor.shapes.jobs import Error, ErrorRow, Errors
from steve.monitor.shapes.queries import Course, Lately
from steve.monitor.shapes.whole import (
    Actions,
    History,
    Names,
    Overview,
    Pulse,
    Queues,
    Session,
    Workers,
)
from steve.monitor.source import Source
from steve.operations import monitor_whole
from steve.operations.create import clock

MOST_ACTIONS = 200


class Whole:
    """Queues, workers, rates, errors, actions, and the events of all this."""

    def __init__(self, source: Source, looking: Looking, hub: Hub, gate: Gate, title: str) -> None:
        self._source = source
        self._looking = looking
        self._hub = hub
        self._gate = gate
        self._title = title

    async def session(self, asked: Asked) -> Response:
        """Who looks, and what they may do."""
        cookie, token = self._gate.pass_on(asked.request, asked.viewer)
        answer = Session(
            asked.viewer.name, asked.may_act, token, self._title, self._source.schema, version()
        )
        response = Response(msgspec.json.encode(answer), media_type="application/json")
        secure = is_secure(asked.request)
        response.set_cookie(
            COOKIE, cookie, path=_folder(asked.request), secure=secure, httponly=True,
            samesite="strict",
        )  # fmt: skip
        return response

    async def overview(self, asked: Asked) -> Overview:
        """How the whole is doing, what `steve doctor` has found lately, what was done lately."""
        return await self._looking.overview(await self._pulse())

    async def queues(self, asked: Asked) -> Queues:
        """Every queue that has jobs, workers or settings."""
        return Queues((await self._pulse()).queues)

    async def workers(self, asked: Asked) -> Workers:
        """The workers that are alive, with the jobs that they run."""
        return Workers((await self._pulse()).workers)

    async def history(self, asked: Asked) -> History:
        """The course of things, of one queue or of all together."""
        query: Course = asked.query
        now = await self._source.run(clock())
        return await course(self._source, query.range, query.queue or "", now)

    async def names(self, asked: Asked) -> Names:
        """Types and queues that have been seen lately, for filters."""
        found = await self._source.run(monitor_whole.names())
        return Names(found.types, found.queues)

    async def errors(self, asked: Asked) -> Errors:
        """Failures, grouped by type, exception and place, the most frequent first."""
        query: Lately = asked.query
        now = await self._source.run(clock())
        found = await self._source.run(monitor_whole.failures(query.seconds))
        live = await self._source.run(monitor_whole.retrying())
        groups = [
            ErrorRow(
                fingerprint=group.fingerprint,
                type=group.type,
                error=Error(group.error.type, group.error.message),
                count=group.count,
                retrying=group.retrying,
                first_at=group.first_at,
                last_at=group.last_at,
                uid=group.uid,
                counts=group.counts,
            )
            for group in monitor_whole.grouped(found, live)
        ]
        since = found.since or now - timedelta(seconds=query.seconds)
        width = query.seconds / monitor_whole.PARTS
        return Errors(groups, since, width, found.since is None)

    async def actions(self, asked: Asked) -> Actions:
        """What was done in monitors lately, and by whom, the last first."""
        return Actions(await self._looking.actions(MOST_ACTIONS))

    async def watch(self, asked: Asked) -> shapes.Done:
        """Follow jobs: their changes come with the events of this client, in place of those
        followed before."""
        body: shapes.Watch = asked.body
        if not self._hub.watch(body.client, body.uids):
            raise Refused(409, "there is no such client: its events have ended")
        return shapes.Done(True)

    async def events(self, asked: Asked) -> Stream:
        """Events as they come.

        `hello` says the client's name for `watch`. Then `pulse` is a Pulse, `overview` an
        Overview, `jobs` has the rows of `newest` jobs and of those followed that `changed`, and
        the uids of those that are `gone`, and `trouble` is a Problem. What has not changed is not
        sent.
        """
        return Stream(self._hub)

    async def _pulse(self) -> Pulse:
        return self._hub.pulse or await self._looking.pulses.take()


def _folder(request: Request) -> str:
    return (request.scope.get("root_path") or "") + "/"
