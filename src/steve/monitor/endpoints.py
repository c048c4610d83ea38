"""The table of the API: which path leads to what."""

from __future__ import annotations

from steve.jobs.monitoring import Inside
from steve.monitor.api.acting import Acting
from steve.monitor.api.cache import Cache
from steve.monitor.api.endpoint import Endpoint
from steve.monitor.api.jobs import Jobs
from steve.monitor.api.whole import Whole
from steve.monitor.guard.gate import Gate
from steve.monitor.live.hub import Hub
from steve.monitor.live.notified import Notified
from steve.monitor.looking import Looking
from steve.monitor.redaction import Redact, Redaction
from steve.monitor.shapes import asked, jobs, whole
from steve.monitor.shapes.queries import Counting, Course, Lately, Listing, LogAfter
from steve.monitor.source import Source

_JOB = "/api/jobs/{uid:uuid}"


class Parts:
    """What the endpoints are made of."""

    def __init__(self, inside: Inside, gate: Gate, *, title: str, redact: Redact) -> None:
        source = Source(inside)
        redaction = Redaction(redact)
        looking = Looking(source, redaction)
        self.cache = Cache()
        # Pages that are told of a change ask what it is: they must not get what was before it.
        self.hub = Hub(looking, Notified(source), self.cache.forget)
        self.jobs = Jobs(source, redaction)
        self.whole = Whole(source, looking, self.hub, gate, title)
        self.acting = Acting(source, looking, self.hub, redaction)
        self._alarms = looking.alarms

    async def close(self) -> None:
        """End what goes on beside requests."""
        await self.hub.close()
        await self._alarms.end()


def endpoints(parts: Parts) -> list[Endpoint]:
    """List all of them."""
    return [*_of_jobs(parts.jobs), *_of_the_whole(parts.whole), *_of_actions(parts.acting)]


def _of_jobs(api: Jobs) -> list[Endpoint]:
    return [
        Endpoint("GET", "/api/jobs", api.list_jobs, jobs.Page, Listing, shared=True),
        Endpoint("GET", "/api/jobs/count", api.count_jobs, jobs.Count, Counting, shared=True),
        Endpoint("GET", _JOB, api.find_job, jobs.Detail, shared=True),
        Endpoint("GET", _JOB + "/payload", api.payload, None),
        Endpoint("GET", _JOB + "/result", api.result, None),
        Endpoint("GET", _JOB + "/log", api.log, jobs.Log, LogAfter, shared=True),
    ]


def _of_the_whole(api: Whole) -> list[Endpoint]:
    return [
        Endpoint("GET", "/api/session", api.session, whole.Session),
        Endpoint("GET", "/api/overview", api.overview, whole.Overview, shared=True),
        Endpoint("GET", "/api/history", api.history, whole.History, Course, shared=True),
        Endpoint("GET", "/api/names", api.names, whole.Names),
        Endpoint("GET", "/api/queues", api.queues, whole.Queues, shared=True),
        Endpoint("GET", "/api/workers", api.workers, whole.Workers, shared=True),
        Endpoint("GET", "/api/errors", api.errors, jobs.Errors, Lately, shared=True),
        Endpoint("GET", "/api/actions", api.actions, whole.Actions, shared=True),
        Endpoint("GET", "/api/events", api.events, None, media="text/event-stream"),
        Endpoint("POST", "/api/watch", api.watch, asked.Done, body=asked.Watch),
    ]


def _of_actions(api: Acting) -> list[Endpoint]:
    done = asked.Done
    return [
        Endpoint("POST", "/api/jobs/act", api.act, asked.Changed, body=asked.Act, acts=True),
        Endpoint("POST", "/api/queues/pause", api.pause, done, body=asked.Pause, acts=True),
        Endpoint("POST", "/api/queues/resume", api.resume, done, body=asked.Resume, acts=True),
        Endpoint("POST", "/api/workers/stop", api.stop, done, body=asked.Stop, acts=True),
    ]
