"""Why a connection was not made, in words that may be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from steve.core.errors import ConnectionFailed
from steve.database.dsn import HIDDEN, location, secrets

_NOISE = re.compile(
    r"^connection failed: "
    r"| Is the server running (?:on that host|locally) and accepting [\w/ -]*connections[^?]*\?"
)
_SEVERAL = "Multiple connection attempts failed. All failures were: "
_HOST = re.compile(
    r" ?- host: (?:'[^']*'|None), port: (?:'[^']*'|None), hostaddr: (?:'[^']*'|None): "
    r"(?:connection failed: )?"
)
_PERMANENT = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|not permitted to log in"
    r"|(?:role|database|user) \".*\" does not exist|permission denied for database"
    r"|does not support SSL|certificate verify failed|no such database"
)
# libpq gives no SQLSTATE for a connection that was refused, only the server's message. Where the
# server speaks another language than English, what is permanent is tried until the time is up.

_ADVICE = (
    (r"refused|No such file or directory", "Is PostgreSQL running there, and is that its port?"),
    (r"translate host name|[Nn]ame or service|resolve", "Is the host's name right?"),
    (r"no answer", "Is that its host and port, and does no firewall stand in between?"),
    (r"password", "Give the password in the DSN, in PGPASSWORD or in ~/.pgpass."),
    (r"pg_hba\.conf", "Let this client in by a line in its pg_hba.conf; some ask for SSL."),
    (r"database .* does not exist", "Create it with `createdb`, or name another one in the DSN."),
    (r"(?:role|user) .* does not exist", "Name another user in the DSN, or `createuser` this one."),
    (r"too many|remaining connection slots", "Raise max_connections, or use a pooler."),
    (r"does not support SSL", "Switch it on there, or use sslmode=prefer."),
    (r"read-only", "Name all hosts in the DSN, and the primary is found among them."),
)
"""What to do about it; the first that fits."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason; `permanent` says that waiting does not help."""

    reason: str
    permanent: bool = False

    def error(self, dsn: str, after: float | None = None) -> ConnectionFailed:
        """Make the error to raise; `after` is how many seconds it was tried for."""
        tried = "" if after is None or self.permanent else f" within {after:g} s"
        return ConnectionFailed(
            f"cannot connect to PostgreSQL at {location(dsn)}{tried}: {self.reason}{self._advice()}"
        )

    def _advice(self) -> str:
        fitting = (advice for words, advice in _ADVICE if re.search(words, self.reason))
        return next((f". {advice}" for advice in fitting), "")


NO_WRITES = Refusal("the server is read-only: a standby, or a primary that was demoted")


def refusal(error: BaseException, dsn: str) -> Refusal:
    """Say what `error`, met while connecting, means."""
    words = " ".join(str(error).split())
    # Of several hosts psycopg says first why the last one failed, and then everything.
    words = _HOST.sub("; ", words.rpartition(_SEVERAL)[2]).removeprefix("; ")
    words = _NOISE.sub("", words) or type(error).__name__
    for secret in secrets(dsn):
        words = words.replace(secret, HIDDEN)
    return Refusal(words, permanent=_PERMANENT.search(words) is not None)


def no_answer(seconds: float) -> Refusal:
    """Say that the time was up."""
    return Refusal(f"no answer within {seconds:g} s")
