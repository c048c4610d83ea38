"""Locks that the kernel lets go of when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from steve.core.errors import EmbeddedUnavailable

if TYPE_CHECKING:
    from pathlib import Path


class FileLock:
    """One open file that may be locked.

    A forked child shares the lock, and it is held until the last of them has closed the file.
    Hence it is let go by closing only: unlocking would take it from the others as well.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def try_shared(self) -> bool:
        """Lock beside other sharers. False when somebody holds it exclusively."""
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Lock alone. False when somebody else holds it."""
        return self._try(fcntl.LOCK_EX)

    def unlock(self) -> None:
        """Unlock for all who share this open file."""
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close our copy of the file. Closing again does nothing."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise EmbeddedUnavailable(
                f"The file system of {self.path} cannot lock files: {error.strerror}. "
                "Set STEVE_HOME to a directory on a local disk."
            ) from error
        return True
