"""What a job can do while its handler runs: be told to stop, report progress, log, commit."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Mapping, MutableMapping
from contextvars import ContextVar
from threading import Event, Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from steve.core.failure import Failure
from steve.core.text import cut, cut_middle, safe_repr, safe_str

if TYPE_CHECKING:
    from psycopg import AsyncConnection, Connection

    from steve.core.job import Job

CancelReason = Literal["timeout", "cancelled", "shutdown", "lost"]
"""Why a handler must stop: its time is up, somebody cancelled the job, the worker stops, or the
worker lost its claim on the job."""

LONGEST_LINE = 4096
"""Bytes that are kept of a line of a job's log."""

logger = logging.getLogger("steve.job")

current_job: ContextVar[Job] = ContextVar("steve_current_job")
"""The job whose handler is running in this task or thread."""


class CancelSignal:
    """Tells a handler, from any thread, that it should stop. Set once, never unset."""

    # An Event costs more than the rest of a small job: it is made for those who wait only.
    __slots__ = ("_event", "_reason")
    _guard = Lock()

    def __init__(self) -> None:
        self._reason: CancelReason | None = None
        self._event: Event | None = None

    @property
    def reason(self) -> CancelReason | None:
        """Why the handler must stop, or None while it need not."""
        return self._reason

    def is_set(self) -> bool:
        """Say whether the handler must stop."""
        return self._reason is not None

    def set(self, reason: CancelReason) -> bool:
        """Ask the handler to stop. The first reason stays; returns whether this was it."""
        with self._guard:
            if self._reason is not None:
                return False
            self._reason = reason
            event = self._event
        if event is not None:
            event.set()
        return True

    def wait(self, timeout: float | None = None) -> bool:
        """Block this thread until the signal is set or `timeout` seconds passed; say which.

        For handlers that run in a thread: `signal.wait(5)` is a sleep that a cancel ends.
        """
        with self._guard:
            if self._reason is not None:
                return True
            if self._event is None:
                self._event = Event()
            event = self._event
        return event.wait(timeout)

    def __repr__(self) -> str:
        return f"<CancelSignal {self._reason or 'not set'}>"


class Keeper(Protocol):
    """Keeps the lines that a job logs; from any thread."""

    def keep(self, level: int, text: str) -> None:
        """Keep a line, as text."""
        ...


class JobLog(logging.LoggerAdapter[logging.Logger]):
    """The logger of one job. A line's own `extra` is added to the job's, not replaced by it.

    Lines of INFO and above also go to the `keeper`, if there is one, whatever becomes of them in
    logging.
    """

    def __init__(
        self, logger: logging.Logger, extra: Mapping[str, object], keeper: Keeper | None
    ) -> None:
        super().__init__(logger, extra)
        self._keeper = keeper

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if self._keeper is not None and type(level) is int and level >= logging.INFO:
            self._keeper.keep(level, _text(msg, args, kwargs.get("exc_info")))
        # Whoever called us is meant, not this line.
        kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 1
        super().log(level, msg, *args, **kwargs)

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        own = kwargs.get("extra")
        kwargs["extra"] = {**own, **(self.extra or {})} if own else self.extra
        return msg, kwargs


def _text(msg: object, args: tuple[object, ...], exc_info: object) -> str:
    """Say a line as logging would, cut to 4 kB. Total: no message, however broken, raises."""
    try:
        text = logging.LogRecord("", 0, "", 0, msg, args, None).getMessage()
    except Exception:
        text = f"{safe_str(msg)} {safe_repr(args)}"
    # An exception, what sys.exc_info() returned, or anything that is true: the current one.
    if isinstance(exc_info, tuple):
        exc_info = next(iter(cast("tuple[object, ...]", exc_info)[1:]), None)
    error = exc_info if isinstance(exc_info, BaseException) else sys.exception()
    if error is None or not exc_info:
        return cut(text, LONGEST_LINE)
    return cut_middle(f"{text}\n{Failure.of(error).traceback}", LONGEST_LINE)


def job_log(job: Job, keeper: Keeper | None = None) -> JobLog:
    """Make the logger of `job`: `steve.job`, with job_uid, job_type and attempt in each record."""
    extra = {"job_uid": str(job.uid), "job_type": job.type, "attempt": job.attempts}
    return JobLog(logger, extra, keeper)


class TransactionBlock(Protocol):
    """The block whose writes commit together with the job's completion, or not at all.

    `async with` in an `async def` handler, `with` in a `def` handler.
    """

    async def __aenter__(self) -> AsyncConnection[Any]: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> bool | None: ...

    def __enter__(self) -> Connection[Any]: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> bool | None: ...


class JobContext(Protocol):
    """What the worker lends to a job while its handler runs."""

    @property
    def signal(self) -> CancelSignal:
        """Set when the handler must stop."""
        ...

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        """The logger of this job."""
        ...

    def progress(self, fraction: float, message: str | None) -> Awaitable[None]:
        """Write the progress down. In a thread it blocks and returns a finished awaitable."""
        ...

    def transaction(self) -> TransactionBlock:
        """Open, or join, the job's own transaction."""
        ...
