"""Everything steve raises on purpose.

    SteveError
    ├── ConnectionFailed
    ├── SchemaError
    │   ├── SchemaMissing
    │   ├── SchemaBehind
    │   └── SchemaTooNew
    ├── OptionError          (also ValueError)
    ├── OptionTypeError      (also TypeError)
    ├── PayloadError         (also ValueError)
    ├── JobNotFound          (also LookupError)
    ├── JobFailed
    ├── JobRunning
    ├── WorkersAlive
    ├── NotInHandler         (also RuntimeError)
    └── EmbeddedUnavailable

An exception that is built without a message says the first line of its docstring. All of them can
be pickled.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from steve.core.job import Job


class SteveError(Exception):
    """Something went wrong in steve."""

    def __str__(self) -> str:
        return super().__str__() or (type(self).__doc__ or "").partition("\n")[0]


class ConnectionFailed(SteveError):
    """The database cannot be reached."""


class SchemaError(SteveError):
    """The tables in the database do not fit this version of steve."""


class SchemaMissing(SchemaError):
    """Steve is not installed in this database: run `steve migrate` or pass migrate="auto"."""


class SchemaBehind(SchemaError):
    """The schema is older than this version of steve: run `steve migrate`."""


class SchemaTooNew(SchemaError):
    """The schema is newer than this version of steve: upgrade the package."""


class OptionError(SteveError, ValueError):
    """An option has a value outside its allowed range."""


class OptionTypeError(SteveError, TypeError):
    """An option has a value of the wrong type, or a name that does not exist."""


class PayloadError(SteveError, ValueError):
    """A payload cannot be held as JSON in PostgreSQL.

    `path` leads to the offending value, such as `$.user.tags[3]`; `$` is the whole document.
    """

    path: str

    def __init__(self, message: str | None = None, path: str = "$") -> None:
        super().__init__(*(() if message is None else (message,)))
        self.path = path


class JobNotFound(SteveError, LookupError):
    """There is no such job. `uid` is the one that was asked for."""

    uid: UUID

    def __init__(self, uid: UUID) -> None:
        super().__init__(uid)
        self.uid = uid

    def __str__(self) -> str:
        return f"there is no job {self.uid}: never created, deleted, or past its retention"


class JobFailed(SteveError):
    """A job that was waited for ended without a result. `job` is that job."""

    job: Job

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.job = job

    def __str__(self) -> str:
        job = self.job
        reason = f": {job.error}" if job.error is not None else ""
        return f"job {job.type} {job.uid} is {job.status}{reason}"


class JobRunning(SteveError):
    """Jobs that are running cannot be deleted. `uids` are those that were."""

    uids: list[UUID]

    def __init__(self, uids: Iterable[UUID]) -> None:
        self.uids = list(uids)
        super().__init__(self.uids)

    def __str__(self) -> str:
        shown = ", ".join(str(uid) for uid in self.uids[:5])
        more = f" and {len(self.uids) - 5} more" if len(self.uids) > 5 else ""
        return f"still running: {shown}{more}; cancel first, then delete"


class WorkersAlive(SteveError):
    """Workers are alive in this schema: stop them first, or force it."""


class NotInHandler(SteveError, RuntimeError):
    """This works only on the job that a handler was given, while that handler runs."""


class EmbeddedUnavailable(SteveError):
    """The embedded PostgreSQL cannot be used here: install pg-steve[embedded] or pass db=."""
