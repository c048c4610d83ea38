"""The way from a manager to its monitor, which is an extension: nothing here imports it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias
from uuid import UUID

from steve.core.errors import SteveError
from steve.jobs.controlling import Controlling

if TYPE_CHECKING:
    from steve.jobs.runtime import Runtime

GROUP = "steve.extensions"

Message: TypeAlias = MutableMapping[str, Any]


class Application(Protocol):
    """An ASGI application, to be served or mounted."""

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
        /,
    ) -> None: ...

    async def close(self) -> None:
        """End what goes on without end, such as streams of events: the server is to stop."""
        ...


@dataclass(frozen=True, slots=True)
class Inside:
    """What an extension gets of a manager. `opened` opens it; `tell` lets those in this process
    know that jobs were cancelled that had not started."""

    jobs: Controlling
    schema: str
    opened: Callable[[], Awaitable[Runtime]]
    tell: Callable[[Sequence[UUID]], Awaitable[None]]


class Monitoring(Controlling):
    """The part of the manager that shows itself in a browser."""

    def monitor(
        self,
        *,
        actions: bool = False,
        auth: str | tuple[str, str] | Callable[[Any], Any] | None = None,
        hosts: Iterable[str] | None = None,
        redact: Literal["all"] | Callable[[str, Any], Any] | None = None,
        title: str | None = None,
    ) -> Application:
        """Return an ASGI application that shows the jobs in a browser; see `docs/monitor.md`.

        It runs on the event loop of this manager. Raises `OptionError`, `OptionTypeError`, and
        `SteveError` where it was not installed.

        Args:
            actions: let everybody who may look also retry, cancel, delete, pause and stop.
            auth: a token, a user and a password, or a function of the request that returns a
                `steve.monitor.Viewer` or None; without it only this machine may look.
            hosts: names under which it may be asked for.
            redact: "all" hides what is in jobs; a function gets a type and a value of one and
                returns what is shown of it.
            title: what the pages are headed with.
        """
        create = _extension("monitor")
        inside = Inside(self, self._settings.schema, self._opened, self._tell)
        return create(inside, actions=actions, auth=auth, hosts=hosts, redact=redact, title=title)


def _extension(name: str) -> Callable[..., Any]:
    """Return what an installed package offers under this name."""
    for point in entry_points(group=GROUP, name=name):
        try:
            return point.load()
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] == "steve":
                raise
            raise SteveError(
                f"the {name} needs {error.name}, which is not installed: "
                f'pip install "pg-steve[{name}]"'
            ) from error
    raise SteveError(f'the {name} is not installed: pip install "pg-steve[{name}]"')
