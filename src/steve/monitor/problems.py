"""Why a request gets no answer: a status, and a sentence that gives nothing away."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec
import psycopg
from starlette.exceptions import HTTPException
from starlette.responses import Response

from steve.core.errors import (
    ConnectionFailed,
    JobNotFound,
    OptionError,
    OptionTypeError,
    PayloadError,
    SteveError,
)
from steve.database.errors import is_transient
from steve.monitor.shapes.whole import Problem

NO_PRIVILEGE = "42501"
TOOK_TOO_LONG = "57014"

logger = logging.getLogger("steve.monitor")


class Refused(Exception):
    """The request is refused, with this status and for this reason."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers

    def response(self) -> Response:
        """Say so."""
        return Response(
            msgspec.json.encode(Problem(self.detail)),
            self.status,
            self.headers,
            "application/json",
        )


def refusal(error: Exception) -> Refused:
    """Say what went wrong without SQL, tracebacks, addresses or payloads; the log has the rest."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, HTTPException):
        # The host application's own way to refuse, in a function given as `auth`.
        return Refused(error.status_code, error.detail, error.headers)
    if isinstance(error, OptionError | OptionTypeError | PayloadError):
        return Refused(400, str(error))
    if isinstance(error, JobNotFound):
        return Refused(404, str(error))
    if isinstance(error, psycopg.Error):
        return _of_database(error)
    if isinstance(error, ConnectionFailed):
        logger.warning("the monitor cannot reach the database: %s", error)
        return Refused(503, "the database cannot be reached at the moment")
    if isinstance(error, SteveError):
        return Refused(503, str(error))
    return _unexpected(error)


def _of_database(error: psycopg.Error) -> Refused:
    if error.sqlstate == NO_PRIVILEGE:
        return Refused(403, "the database role of this monitor may not do this")
    if error.sqlstate == TOOK_TOO_LONG:
        return Refused(503, "the database took too long: narrow it down, or try again later")
    if is_transient(error):
        logger.warning("the monitor got no answer: %s", error)
        return Refused(503, "the database gave no answer: try again")
    return _unexpected(error)


def _unexpected(error: Exception) -> Refused:
    logger.error("a request to the monitor failed", exc_info=error)
    return Refused(500, "something went wrong; the log of the server says what")
