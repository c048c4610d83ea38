"""A job queue in your PostgreSQL database: no broker, any number of workers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steve.core.backoff import Backoff
    from steve.core.control import Cancel, Fail, Retry, Snooze
    from steve.core.errors import (
        ConnectionFailed,
        EmbeddedUnavailable,
        JobFailed,
        JobNotFound,
        JobRunning,
        NotInHandler,
        OptionError,
        OptionTypeError,
        PayloadError,
        SchemaBehind,
        SchemaError,
        SchemaMissing,
        SchemaTooNew,
        SteveError,
        WorkersAlive,
    )
    from steve.core.failure import JobError
    from steve.core.job import Attempt, Found, Job, NewJob
    from steve.core.registry import noop
    from steve.core.settings import Retention
    from steve.jobs.current import current_job
    from steve.jobs.doctor.check import Check, Diagnosis, Finding
    from steve.jobs.health import Health
    from steve.jobs.manager import Jobs
    from steve.operations.monitor_whole import ErrorGroup
    from steve.operations.queue import QueueInfo
    from steve.operations.worker import WorkerInfo

    __version__: str

__all__ = [
    "Attempt",
    "Backoff",
    "Cancel",
    "Check",
    "ConnectionFailed",
    "Diagnosis",
    "EmbeddedUnavailable",
    "ErrorGroup",
    "Fail",
    "Finding",
    "Found",
    "Health",
    "Job",
    "JobError",
    "JobFailed",
    "JobNotFound",
    "JobRunning",
    "Jobs",
    "NewJob",
    "NotInHandler",
    "OptionError",
    "OptionTypeError",
    "PayloadError",
    "QueueInfo",
    "Retention",
    "Retry",
    "SchemaBehind",
    "SchemaError",
    "SchemaMissing",
    "SchemaTooNew",
    "Snooze",
    "SteveError",
    "WorkerInfo",
    "WorkersAlive",
    "__version__",
    "current_job",
    "noop",
]

# Where the names are. They are fetched when they are asked for, so that what uses a few of them,
# such as the command line, does not wait for all.
_HOMES = {
    "core.backoff": ("Backoff",),
    "core.control": ("Cancel", "Fail", "Retry", "Snooze"),
    "core.errors": (
        "ConnectionFailed",
        "EmbeddedUnavailable",
        "JobFailed",
        "JobNotFound",
        "JobRunning",
        "NotInHandler",
        "OptionError",
        "OptionTypeError",
        "PayloadError",
        "SchemaBehind",
        "SchemaError",
        "SchemaMissing",
        "SchemaTooNew",
        "SteveError",
        "WorkersAlive",
    ),
    "core.failure": ("JobError",),
    "core.job": ("Attempt", "Found", "Job", "NewJob"),
    "core.registry": ("noop",),
    "core.settings": ("Retention",),
    "jobs.current": ("current_job",),
    "jobs.doctor.check": ("Check", "Diagnosis", "Finding"),
    "jobs.health": ("Health",),
    "jobs.manager": ("Jobs",),
    "operations.monitor_whole": ("ErrorGroup",),
    "operations.queue": ("QueueInfo",),
    "operations.worker": ("WorkerInfo",),
}
_HOME = {name: f"steve.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from steve.core.version import version

        return version()
    if name not in _HOME:
        raise AttributeError(f"module 'steve' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
