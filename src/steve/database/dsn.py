"""Connection strings: where they come from, and what of them may be shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

from steve.core.errors import OptionError

HIDDEN = "***"
VARIABLES = ("STEVE_DATABASE_URL", "DATABASE_URL")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9.-]*)(?P<driver>\+[A-Za-z0-9_]+)?://")
_PORTS = re.compile(r"[0-9,]*")
_OURS = frozenset({"postgres", "postgresql"})
_UNREADABLE = "(unreadable connection string)"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the database comes from. `dsn` is None for the embedded PostgreSQL."""

    dsn: str | None = field(repr=False)
    origin: str
    """In words, for a log line: `the argument db`, `DATABASE_URL`, `the embedded PostgreSQL`."""


def find_dsn(db: str | None, environment: Mapping[str, str] = os.environ) -> Source:
    """Return the argument, else STEVE_DATABASE_URL, else DATABASE_URL, else the embedded one.

    A variable that is empty counts as not set. Raises OptionError for what is no DSN.
    """
    if db is not None:
        return Source(normalised(db, "db"), "the argument db")
    for name in VARIABLES:
        value = environment.get(name, "").strip()
        if value:
            return Source(normalised(value, name), name)
    return Source(None, "the embedded PostgreSQL")


def normalised(dsn: str, name: str = "db") -> str:
    """Return `dsn` as libpq reads it; a driver as in `postgresql+asyncpg://` is dropped.

    Raises OptionError that names the option or variable `name`, without the value: it may hold
    the password in a place where nobody would look for it.
    """
    match = _SCHEME.match(dsn)
    if match is not None:
        if match["scheme"] not in _OURS:
            raise OptionError(
                f"{name} is a URL of {match['scheme']}://, but steve needs PostgreSQL: "
                "postgresql://user:password@host:5432/database"
            )
        dsn = f"{match['scheme']}://{dsn[match.end() :]}"
    if parsed(dsn) is None:
        raise OptionError(
            f"{name} is no connection string that PostgreSQL understands (it is not shown, as it "
            "may hold a password): use postgresql://user:password@host:5432/database with special "
            "characters percent-encoded, or host=… dbname=… user=…"
        )
    return dsn


def parsed(dsn: str) -> dict[str, str] | None:
    """Return the parameters that `dsn` gives, or None when it cannot be read."""
    match = _SCHEME.match(dsn)
    if match is not None:
        place, _, path = dsn[match.end() :].partition("?")[0].partition("/")
        if "@" in path and "@" not in place:
            # A password with a slash in it, that libpq would take for a port and a database.
            return None
        dsn = f"{match['scheme']}://{dsn[match.end() :]}"
    try:
        found = conninfo_to_dict(dsn)
    except (psycopg.Error, UnicodeError):
        return None
    given = {key: str(value) for key, value in found.items() if value is not None}
    return given if _PORTS.fullmatch(given.get("port", "")) else None


def effective(dsn: str) -> dict[str, str] | None:
    """Return what `dsn` gives and, for the rest, what libpq takes from its environment."""
    given = parsed(dsn)
    if given is None:
        return None
    around = {
        option.keyword.decode(): option.val.decode(errors="replace")
        for option in Conninfo.get_defaults()
        if option.val
    }
    return {**around, **given}


def redacted(dsn: str) -> str:
    """Return `dsn` with every secret replaced by ***, to be shown to people."""
    parameters = parsed(dsn)
    if parameters is None:
        return _UNREADABLE
    shown = {
        key: HIDDEN if key in _secret_keywords() else value for key, value in parameters.items()
    }
    match = _SCHEME.match(dsn)
    # Built anew from what was understood, so that nothing that was not can slip through.
    return make_conninfo("", **shown) if match is None else _as_url(match["scheme"], shown)


def secrets(dsn: str) -> list[str]:
    """Return the values that must never be shown, the longest first."""
    parameters = effective(dsn) or {}
    # A password that is also the name of the user or the host is shown anyway, as that.
    public = {value for key, value in parameters.items() if key not in _secret_keywords()}
    found = {value for key, value in parameters.items() if key in _secret_keywords() and value}
    return sorted(found - public, key=len, reverse=True)


def location(dsn: str) -> str:
    """Return `host:port/database`, for messages. Several hosts are separated by commas."""
    parameters = effective(dsn)
    if parameters is None:
        return _UNREADABLE
    hosts = (parameters.get("host") or parameters.get("hostaddr") or "").split(",")
    ports = (parameters.get("port") or "5432").split(",")
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    where = ",".join(
        f"{_shown_host(host)}:{port or '5432'}" for host, port in zip(hosts, ports, strict=True)
    )
    database = parameters.get("dbname") or parameters.get("user") or ""
    return f"{where}/{database}"


def host_count(dsn: str) -> int:
    """Return how many hosts `dsn` names."""
    parameters = effective(dsn) or {}
    return (parameters.get("host") or parameters.get("hostaddr") or "").count(",") + 1


def _shown_host(host: str) -> str:
    if not host:
        return "(local socket)"
    return f"[{host}]" if ":" in host else host


def _as_url(scheme: str, parameters: dict[str, str]) -> str:
    rest = dict(parameters)
    user, password = rest.pop("user", ""), rest.pop("password", "")
    hosts, ports = rest.pop("host", "").split(","), rest.pop("port", "").split(",")
    database = rest.pop("dbname", "")
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    places = ",".join(
        (f"[{host}]" if ":" in host else quote(host, safe="")) + (f":{port}" if port else "")
        for host, port in zip(hosts, ports, strict=True)
    )
    who = quote(user, safe="") + (f":{HIDDEN}" if password else "")
    query = urlencode(rest, quote_via=quote, safe="*/")
    return "".join(
        (
            f"{scheme}://",
            f"{who}@" if who else "",
            places,
            f"/{quote(database, safe='')}" if database else "",
            f"?{query}" if query else "",
        )
    )


@cache
def _secret_keywords() -> frozenset[str]:
    """Return the parameters that libpq itself marks as passwords."""
    return frozenset(
        option.keyword.decode() for option in Conninfo.get_defaults() if option.dispchar == b"*"
    )
