"""Where the embedded PostgreSQL lives: one directory a project, and the files inside it."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from steve.core.errors import EmbeddedUnavailable
from steve.database.embedded.identity import lent_users

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 103
"""Bytes of a socket's path that every supported system takes (macOS; Linux takes 107)."""

PROJECT_MARKS = ("pyproject.toml", ".git")


def default_home() -> Path:
    """The home for the current project: `STEVE_HOME`, or its place among the user's data.

    A project is the nearest folder upwards that has a `pyproject.toml` or a `.git`, else the
    current folder itself.
    """
    chosen = os.environ.get("STEVE_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    project = project_directory(Path.cwd())
    digest = hashlib.sha256(os.fsencode(project)).hexdigest()[:8]
    return user_data_directory() / f"{project.name or 'root'}-{digest}"


def project_directory(start: Path) -> Path:
    """The nearest folder at or above `start` that carries a project's mark, else `start`."""
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in PROJECT_MARKS):
            return folder
    return start


def user_data_directory() -> Path:
    """The folder that this platform gives to the data of the user's programs."""
    if sys.platform == "darwin":
        return _user_home() / "Library" / "Application Support" / "steve"
    given = os.environ.get("XDG_DATA_HOME", "")
    # The XDG rules declare a relative value invalid.
    root = Path(given) if Path(given).is_absolute() else _user_home() / ".local" / "share"
    return root / "steve"


def _user_home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise EmbeddedUnavailable(
            "The embedded PostgreSQL has no place for its data: this user has no home directory. "
            "Set STEVE_HOME to a directory that it may write."
        ) from error


@dataclass(frozen=True)
class Layout:
    """The files of one server. `directory` is absolute and belongs to the current user alone."""

    directory: Path

    @classmethod
    def under(cls, home: Path) -> Layout:
        return cls(home.expanduser().absolute() / "postgres")

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """What the server and its supervisor write."""
        return self.directory / "log"

    @property
    def lease(self) -> Path:
        """Locked shared by every user of the server, and exclusively by a stopping supervisor."""
        return self.directory / "lease"

    @property
    def start_lock(self) -> Path:
        """Locked by the one process that is starting the server."""
        return self.directory / "start.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Locked as long as a supervisor lives."""
        return self.directory / "supervisor.lock"

    @property
    def server_lock(self) -> Path:
        """Locked as long as any process of the server lives: all of them inherit it."""
        return self.directory / "server.lock"

    @property
    def state(self) -> Path:
        """Written once the server takes connections. Stale unless a supervisor lives."""
        return self.directory / "server.json"

    @property
    def failure(self) -> Path:
        """Why the last supervisor could not do its work."""
        return self.directory / "failure"

    def major(self) -> int | None:
        """The major version that made the data, or None where there is no data yet."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def log_tail(self, lines: int = 20) -> str:
        """The end of the log, indented for an error message."""
        try:
            text = self.log.read_bytes()[-8192:].decode(errors="replace")
        except OSError as error:
            return f"  (unreadable: {error.strerror})"
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (empty)"

    def prepare(self) -> None:
        """Make the directory, closed to everybody else. Parents are never changed.

        Raises:
            EmbeddedUnavailable: it cannot be made, or it belongs to another user.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            claim_private(self.directory)
        except OSError as error:
            raise EmbeddedUnavailable(
                f"The embedded PostgreSQL cannot use {self.directory}: {error.strerror}. "
                "Set STEVE_HOME to a directory that this user may write."
            ) from error

    def socket_directory(self) -> Path:
        """A private directory for the socket, whose path is short enough for the kernel.

        Normally inside `directory`; where that is too long, a private one among the temporary
        files. PostgreSQL takes a comma as the end of a path, so such a path moves too.
        """
        near = self.directory / "run"
        path = os.fspath(near)
        if len(os.fsencode(near / SOCKET_NAME)) <= SOCKET_PATH_LIMIT and not set(path) & set(',"'):
            chosen = near
        else:
            digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:12]
            chosen = _temporary_directory() / f"steve-{os.geteuid()}-{digest}"
        chosen.mkdir(mode=0o700, exist_ok=True)
        claim_private(chosen)
        return chosen


def _temporary_directory() -> Path:
    chosen = Path(tempfile.gettempdir())
    longest = chosen / f"steve-{2**32}-{'0' * 12}" / SOCKET_NAME
    return chosen if len(os.fsencode(longest)) <= SOCKET_PATH_LIMIT else Path("/tmp")  # noqa: S108 - the one short path that every system has; what we put there is private


def claim_private(directory: Path) -> None:
    """Close our own directory to others. Root's may belong to a user whom root runs the server as.

    Raises:
        EmbeddedUnavailable: it is a link or belongs to another user, who could listen in.
        OSError: it cannot be looked at.
    """
    owners = {os.geteuid()}
    if os.geteuid() == 0:
        owners.update(user.pw_uid for user in lent_users())
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise EmbeddedUnavailable(
            f"The embedded PostgreSQL will not use {directory}: it is not a directory of this user "
            f"(uid {os.geteuid()}, its owner is uid {found.st_uid}). "
            "Run as its owner, remove it, or set STEVE_HOME to a directory of your own."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        directory.chmod(0o700)
