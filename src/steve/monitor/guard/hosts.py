"""The names under which the monitor answers: others may have been bound to it by an attacker."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from starlette.requests import Request

from steve.core.errors import OptionError, OptionTypeError
from steve.core.text import safe_repr
from steve.monitor.problems import Refused


class Place(NamedTuple):
    """A host, and the port if there was one."""

    host: str
    port: str | None


class Hosts:
    """The hosts that a request may name. Without `given` it is any if `any_host`, else this
    machine; this machine is always among them."""

    def __init__(self, given: Iterable[str] | None, *, any_host: bool) -> None:
        if isinstance(given, str):
            raise OptionTypeError("hosts must be several names, such as ['jobs.example.org']")
        self.given = [_required(name) for name in given or ()]
        self._any = any_host and not self.given

    def check(self, request: Request) -> None:
        """Raise `Refused` unless the request's Host may be used."""
        header = request.headers.get("host", "")
        place = parse(header)
        if place is None:
            raise Refused(400, "the header Host is missing or malformed")
        if not (self._any or is_this_machine(place.host) or self.knows(place)):
            raise Refused(
                403,
                f"the monitor does not answer under the name {safe_repr(header)}: "
                "allow it with hosts=, or --allow-host",
            )

    def knows(self, place: Place) -> bool:
        """Whether it is one of those given; without a port they stand for every port."""
        return any(
            known.host == place.host and known.port in {None, place.port} for known in self.given
        )


def parse(text: str) -> Place | None:
    """Take a Host header apart; None if it is none."""
    host, colon, port = text.strip().lower().rpartition(":")
    if not colon or port.endswith("]"):
        host, port = text.strip().lower(), ""
    if colon and port and not (port.isascii() and port.isdigit()):
        return None
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if not _is_address(host):
            return None
    elif ":" in host:
        return None
    host = host.rstrip(".")
    if not host or any(sign.isspace() or sign in "/@\\?#," for sign in host):
        return None
    return Place(host, port or None)


def is_this_machine(host: str) -> bool:
    """Whether a name or an address cannot lead to another machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _required(name: str) -> Place:
    place = parse(name)
    if place is None:
        raise OptionError(f"hosts: {safe_repr(name)} is no host, such as jobs.example.org")
    return place
