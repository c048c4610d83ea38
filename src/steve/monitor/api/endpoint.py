"""An endpoint of the API as a value: routing, checking and describing are made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import msgspec
from starlette.requests import Request

from steve.monitor.shapes.queries import Nothing
from steve.monitor.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has passed all checks. `query` and `body` are of the types that its endpoint
    names."""

    request: Request
    viewer: Viewer
    may_act: bool
    query: Any
    body: Any = None

    @property
    def uid(self) -> UUID:
        """The job in the path."""
        return self.request.path_params["uid"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers at a path. Its docstring is its description.

    `answer` is what it returns, None for a response of its own; `acts` says that it needs the
    right to act, `shared` that requests for the same within a second share an answer.
    """

    method: Literal["GET", "POST"]
    path: str
    handle: Callable[[Asked], Awaitable[Any]]
    answer: type[msgspec.Struct] | None
    query: type[msgspec.Struct] = Nothing
    body: type[msgspec.Struct] | None = None
    media: str = "application/json"
    acts: bool = False
    shared: bool = field(default=False, kw_only=True)
