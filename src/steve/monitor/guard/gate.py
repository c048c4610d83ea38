"""The gate that every request passes."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from steve.monitor.api.reading import read_bytes
from steve.monitor.guard.authentication import Auth, Token, authentication
from steve.monitor.guard.forgery import check_origin, check_token, nonce, token
from steve.monitor.guard.hosts import Hosts
from steve.monitor.guard.login import by_form, by_link, login_page
from steve.monitor.problems import Refused
from steve.monitor.viewer import Viewer

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Lets in who may look, and requests that their own page has made."""

    def __init__(self, auth: Auth, hosts: Iterable[str] | None) -> None:
        self._authentication = authentication(auth)
        self._hosts = Hosts(hosts, any_host=auth is not None)

    async def signing_in(self, request: Request, path: str) -> Response | None:
        """Answer those who are about to sign in with a token. Raises `Refused`."""
        self._hosts.check(request)
        if not isinstance(self._authentication, Token):
            return None
        if path == "/login" and request.method == "POST":
            check_origin(request, self._hosts)
            return by_form(await read_bytes(request), request, self._authentication)
        return by_link(request, self._authentication) if request.method == "GET" else None

    async def admit(self, request: Request) -> Viewer:
        """Say who looks. Raises `Refused`."""
        viewer = await self._authentication.viewer(request)
        if request.method not in SAFE:
            check_origin(request, self._hosts)
            check_token(request, viewer, self._authentication.secret)
        return viewer

    def asking(self, request: Request, refused: Refused) -> Response | None:
        """Ask a browser for the token that was missing, if that is what it is refused for."""
        a_page = "text/html" in request.headers.get("accept", "")
        if refused.status == 401 and a_page and isinstance(self._authentication, Token):
            return login_page()
        return None

    def pass_on(self, request: Request, viewer: Viewer) -> tuple[str, str]:
        """Return what the viewer's cookie should say, and the token that goes with it."""
        kept = nonce(request)
        return kept, token(kept, viewer, self._authentication.secret)
