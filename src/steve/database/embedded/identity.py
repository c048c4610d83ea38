"""Who PostgreSQL runs as. It refuses root, and root is who containers often start programs as."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from steve.core.errors import EmbeddedUnavailable

LENDABLE = ("postgres", "nobody")
"""Users that root may run the server as, in this order."""

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Identity:
    """A way to run a program: as ourselves, in a user namespace, or as another user."""

    user: pwd.struct_passwd | None = None
    namespace: bool = False

    def __str__(self) -> str:
        if self.namespace:
            return "in a user namespace"
        return f"as user {self.user.pw_name}" if self.user else "as the current user"

    def enter(self, parent: int, death_signal: signal.Signals) -> None:
        """Become this identity, between fork and exec, and follow `parent` into death."""
        if self.namespace:
            _enter_user_namespace()
        elif self.user:
            os.setgroups([])
            os.setgid(self.user.pw_gid)
            os.setuid(self.user.pw_uid)
        if sys.platform == "linux":
            # After the change of credentials, which clears it. The parent may have died before.
            _libc.prctl(PR_SET_PDEATHSIG, death_signal)
            if os.getppid() != parent:
                os._exit(1)

    def own(self, *roots: Path) -> None:
        """Hand these directories of ours, with all that is in them, to this identity."""
        if os.geteuid() != 0:
            return
        uid, gid = (self.user.pw_uid, self.user.pw_gid) if self.user else (0, 0)
        for root in roots:
            for path in (root, *root.rglob("*")):
                if path.lstat().st_uid != uid:
                    os.chown(path, uid, gid, follow_symlinks=False)

    def obstacle(self, program: Path, directory: Path) -> str | None:
        """Why this identity cannot run `program` on `directory` here, or None if it can."""
        parent = os.getpid()

        def enter() -> None:
            self.enter(parent, signal.SIGKILL)
            directory.stat()

        try:
            subprocess.run(
                [program, "--version"],
                preexec_fn=enter,
                capture_output=True,
                text=True,
                timeout=10,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            return f"{program} failed: {error.stderr.strip()}"
        except OSError as error:
            return f"{program}: {error.strerror}"
        except subprocess.SubprocessError:
            return f"not permitted, or no way to {directory}"
        return None


def lent_users() -> list[pwd.struct_passwd]:
    """The lendable users that this system has, best first."""
    users: list[pwd.struct_passwd] = []
    for name in LENDABLE:
        with contextlib.suppress(KeyError):
            users.append(pwd.getpwnam(name))
    return users


def choose(program: Path, directory: Path) -> Identity:
    """The first identity that can run PostgreSQL's `program` on our `directory`.

    Raises:
        EmbeddedUnavailable: we are root and none can; the message says why, one by one.
    """
    if os.geteuid() != 0:
        return Identity()
    ways = [Identity(namespace=True)] if sys.platform == "linux" else []
    obstacles: list[str] = []
    for identity in (*ways, *(Identity(user=user) for user in lent_users())):
        obstacle = identity.obstacle(program, directory)
        if obstacle is None:
            return identity
        obstacles.append(f"  {identity}: {obstacle}")
    raise EmbeddedUnavailable(
        "PostgreSQL refuses to run as root, and it cannot be run otherwise here:\n"
        + "\n".join(obstacles)
        + "\nRun as an ordinary user, or set STEVE_HOME to a directory that user postgres can "
        "reach, or name your own database: STEVE_DATABASE_URL or Jobs(db=…)."
    )


def _enter_user_namespace() -> None:
    """Be nobody inside, and stay ourselves outside: files keep their owner."""
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(CLONE_NEWUSER):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "gid_map").write_text(f"{NOBODY} {gid} 1")
    (own / "uid_map").write_text(f"{NOBODY} {uid} 1")
