"""The application: from a request, through the gate, to an endpoint and its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Message, Receive, Scope, Send

from steve.core.checks import flag, label
from steve.jobs.monitoring import Inside
from steve.monitor.api.endpoint import Asked, Endpoint
from steve.monitor.api.reading import read_body, read_query
from steve.monitor.endpoints import Parts, endpoints
from steve.monitor.files import Files
from steve.monitor.guard.authentication import Auth
from steve.monitor.guard.gate import Gate
from steve.monitor.guard.headers import guarded
from steve.monitor.openapi import describe
from steve.monitor.problems import Refused, refusal

JSON = "application/json"


def create(
    inside: Inside,
    *,
    actions: bool = False,
    auth: Auth = None,
    hosts: Iterable[str] | None = None,
    redact: Literal["all"] | Callable[[str, Any], Any] | None = None,
    title: str | None = None,
) -> Monitor:
    """Make the monitor of a manager; `jobs.monitor` describes the options."""
    name = "steve" if title is None else label(title, "title")
    gate = Gate(auth, hosts)
    parts = Parts(inside, gate, title=name, redact=redact)
    return Monitor(gate, parts, actions=flag(actions, "actions"), title=name)


class Monitor:
    """An ASGI application, which can be mounted anywhere."""

    def __init__(self, gate: Gate, parts: Parts, *, actions: bool, title: str) -> None:
        self._gate = gate
        self._parts = parts
        self._actions = actions
        self._cache = parts.cache
        self._files = Files()
        table = endpoints(parts)
        self._routes = [(_route(endpoint), endpoint) for endpoint in table]
        self._description = msgspec.json.encode(describe(table, title))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            response = await self._respond(Request(scope, receive))
            await response(scope, receive, guarded(send))
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def close(self) -> None:
        """End the streams of events, and what goes on beside: the server is to stop."""
        await self._parts.close()

    async def _respond(self, request: Request) -> Response:
        path = _path(request.scope)
        try:
            if path == "/healthz":
                return PlainTextResponse("alive\n")
            if path == "":
                # All links are relative to a folder.
                return RedirectResponse(request.url.path.rpartition("/")[2] + "/")
            return await self._gate.signing_in(request, path) or await self._admit(request, path)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            refused = refusal(error)
            return self._gate.asking(request, refused) or refused.response()

    async def _admit(self, request: Request, path: str) -> Response:
        viewer = await self._gate.admit(request)
        if request.method in {"GET", "HEAD"} and not path.startswith("/api/"):
            if path == "/":
                return self._files.index()
            if path == "/openapi.json":
                return Response(self._description, media_type=JSON)
            return self._files.file(request, path[1:])
        endpoint, parameters = self._find(request.scope)
        request.scope["path_params"] = parameters
        asked = Asked(
            request, viewer, self._actions or viewer.may_act, read_query(request, endpoint.query)
        )
        return await self._answer(endpoint, asked)

    def _find(self, scope: Scope) -> tuple[Endpoint, dict[str, Any]]:
        allowed: set[str] = set()
        for route, endpoint in self._routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                return endpoint, found["path_params"]
            if match is Match.PARTIAL:
                allowed |= route.methods or set()
        if not allowed:
            raise Refused(404, "there is nothing here; openapi.json says what there is")
        raise Refused(
            405, "this can be asked in another way only", {"allow": ", ".join(sorted(allowed))}
        )

    async def _answer(self, endpoint: Endpoint, asked: Asked) -> Response:
        if endpoint.acts and not asked.may_act:
            raise Refused(403, "you may look, and nothing else: see actions= of the monitor")
        if endpoint.shared:
            url = asked.request.url
            key = f"{_path(asked.request.scope)}?{url.query}"
            content = await self._cache.get(key, lambda: _encoded(endpoint, asked))
            return Response(content, media_type=JSON)
        if endpoint.body is None:
            answer = await endpoint.handle(asked)
        else:
            body = await read_body(asked.request, endpoint.body)
            try:
                answer = await endpoint.handle(replace(asked, body=body))
            finally:
                if endpoint.acts:
                    self._cache.forget()
        if isinstance(answer, Response):
            return answer
        return Response(msgspec.json.encode(answer), media_type=JSON)


def _route(endpoint: Endpoint) -> Route:
    return Route(endpoint.path, _never, methods=[endpoint.method])


def _never(request: Request) -> Response:
    """Routes are used to find endpoints only."""
    raise AssertionError(request)


def _path(scope: Scope) -> str:
    """The path below the place where this is mounted."""
    path, root = scope["path"], scope.get("root_path", "").rstrip("/")
    below = path.removeprefix(root)
    return below if not below or below.startswith("/") else path


async def _encoded(endpoint: Endpoint, asked: Asked) -> bytes:
    return msgspec.json.encode(await endpoint.handle(asked))


async def _live(receive: Receive, send: Send) -> None:
    """Take part in the server's life; nothing needs to be done for it."""
    message: Message = {"type": ""}
    while message["type"] != "lifespan.shutdown":
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
