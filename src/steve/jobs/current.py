"""The job at hand, for code that is called by a handler and was not given it."""

from __future__ import annotations

from steve.core.context import current_job as _current
from steve.core.errors import NotInHandler
from steve.core.job import Job


def current_job() -> Job:
    """Return the job whose handler runs in this task or thread. Raises `NotInHandler`."""
    job = _current.get(None)
    if job is None:
        raise NotInHandler("current_job() works only while a handler runs, in its task or thread")
    return job
