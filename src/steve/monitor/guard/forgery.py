"""Keeping foreign pages from making a browser act for its user.

A request that changes something has to come from our own page by everything that the browser says,
and carry a token that only our own page could read: made from a cookie that no script can read.
"""

from __future__ import annotations

import re
import secrets

from starlette.requests import Request

from steve.monitor.guard.authentication import bearer, keyed, same
from steve.monitor.guard.hosts import Hosts, parse
from steve.monitor.problems import Refused
from steve.monitor.viewer import Viewer

COOKIE = "steve_csrf"
HEADER = "x-steve-token"

_NONCE = re.compile(r"[0-9a-f]{64}")
_PORTS = {"http": "80", "https": "443"}


def nonce(request: Request) -> str:
    """What the browser's cookie says; a new one if it says nothing."""
    cookie = request.cookies.get(COOKIE, "")
    return cookie if _NONCE.fullmatch(cookie) else secrets.token_hex(32)


def token(nonce: str, viewer: Viewer, secret: bytes) -> str:
    """The token that belongs to this cookie and this viewer."""
    return keyed(nonce.encode() + secret, viewer.name)


def check_origin(request: Request, hosts: Hosts) -> None:
    """Raise `Refused` unless the request comes from our own page, as far as it says."""
    site = request.headers.get("sec-fetch-site")
    if site not in {None, "same-origin"}:
        raise Refused(403, "the request comes from another site")
    origin = request.headers.get("origin")
    if origin is not None and not _is_ours(origin, request.headers.get("host", ""), hosts):
        raise Refused(
            403,
            "the request comes from another origin; "
            "behind a proxy that changes Host, name the public host in hosts=",
        )


def check_token(request: Request, viewer: Viewer, secret: bytes) -> None:
    """Raise `Refused` unless the token fits the cookie. With `Authorization: Bearer` it is not
    needed: no foreign page can send that."""
    if bearer(request) is not None:
        return
    cookie = request.cookies.get(COOKIE, "")
    given = request.headers.get(HEADER, "")
    if not _NONCE.fullmatch(cookie) or not same(given, token(cookie, viewer, secret)):
        raise Refused(403, "the header X-Steve-Token is missing or wrong: take it from api/session")


def _is_ours(origin: str, host: str, hosts: Hosts) -> bool:
    scheme, separator, rest = origin.lower().partition("://")
    place, own = parse(rest), parse(host)
    if not separator or place is None or own is None or scheme not in _PORTS:
        return False
    usual = {None, _PORTS[scheme]}
    if place.host == own.host and (place.port == own.port or {place.port, own.port} <= usual):
        return True
    return hosts.knows(place)
