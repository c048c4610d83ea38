"""Finding out who looks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias, cast

from starlette.requests import Request

from steve.core.errors import OptionError, OptionTypeError
from steve.core.text import safe_repr
from steve.monitor.guard.hosts import is_this_machine
from steve.monitor.problems import Refused
from steve.monitor.viewer import Viewer

Ask: TypeAlias = Callable[[Request], Viewer | Awaitable[Viewer | None] | None]

Auth: TypeAlias = str | tuple[str, str] | Ask | None
"""None: nobody but this machine. Text: a token. A pair: a user and a password. Or a function of
the request that says who it is, None for nobody."""

FORWARDING = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
              "x-real-ip", "via")  # fmt: skip


class Authentication(Protocol):
    """A way to find out who looks. `secret` is what only those know who may look."""

    secret: bytes

    async def viewer(self, request: Request) -> Viewer:
        """Say who it is. Raises `Refused`."""
        ...


class ThisMachine:
    """Whoever is on this machine, and nobody whom a proxy brings from elsewhere."""

    secret = b""

    async def viewer(self, request: Request) -> Viewer:
        if not (request.client and is_this_machine(request.client.host)):
            raise Refused(403, "without auth= the monitor answers nobody but this machine")
        for header in FORWARDING:
            if header in request.headers:
                raise Refused(
                    403,
                    f"the request came through a proxy (it has the header {header}), "
                    "and may have begun anywhere: pass auth= to the monitor",
                )
        return Viewer("local")


class Token:
    """Whoever knows a token. A browser keeps a cookie that proves it without telling it."""

    def __init__(self, token: str) -> None:
        self.secret = token.encode()
        self.cookie = "steve_session_" + keyed(self.secret, "name")[:8]
        self.proof = keyed(self.secret, "session")

    async def viewer(self, request: Request) -> Viewer:
        given = bearer(request)
        cookie = request.cookies.get(self.cookie, "")
        # Headers come as Latin-1, whatever they were.
        right = given is not None and same(given.encode("latin-1", "replace"), self.secret)
        if right or same(cookie, self.proof):
            return Viewer("token")
        raise Refused(401, "the token is needed", {"www-authenticate": "Bearer"})

    def is_right(self, given: str) -> bool:
        """Whether this is the token."""
        return same(given.encode(errors="replace"), self.secret)


class UserAndPassword:
    """Whoever knows a user and a password."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self.secret = f"{user}:{password}".encode()

    async def viewer(self, request: Request) -> Viewer:
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(text, validate=True) if kind.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            given = b""
        if not same(given, self.secret):
            challenge = 'Basic realm="steve", charset="UTF-8"'
            raise Refused(401, "a user and a password are needed", {"www-authenticate": challenge})
        return Viewer(self._user)


class Asking:
    """Whomever the host application knows."""

    secret = b""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def viewer(self, request: Request) -> Viewer:
        answer = self._ask(request)
        viewer = await answer if inspect.isawaitable(answer) else answer
        if viewer is None:
            raise Refused(401, "you are not signed in, or may not see this")
        if not isinstance(viewer, Viewer):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"auth must return a Viewer or None, not {safe_repr(viewer)}")
        return viewer


def authentication(auth: Auth) -> Authentication:
    """Read the option. Raises `OptionError` and `OptionTypeError`."""
    if auth is None:
        return ThisMachine()
    if isinstance(auth, str):
        if not auth:
            raise OptionError("auth: the token must not be empty")
        return Token(auth)
    if isinstance(auth, tuple):
        pair = cast("tuple[Any, ...]", auth)
        if len(pair) != 2 or not all(isinstance(part, str) and part for part in pair):
            raise OptionTypeError("auth: a pair must be a user and a password, both text")
        user, password = pair
        if ":" in user:
            raise OptionError("auth: a user of basic authentication cannot have a colon")
        return UserAndPassword(user, password)
    if callable(auth):
        return Asking(auth)
    raise OptionTypeError(
        "auth must be a token, a pair of user and password, or a function of the request, "
        f"not {safe_repr(auth)}"
    )


def bearer(request: Request) -> str | None:
    """The token that came in the header, which no foreign page can make a browser send."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else None


def keyed(key: bytes, text: str) -> str:
    """A proof of knowing `key`, for this purpose."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def same(one: str | bytes, other: str | bytes) -> bool:
    """Compare in a time that does not depend on where they differ."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(text: str | bytes) -> bytes:
    return text.encode(errors="replace") if isinstance(text, str) else text
