"""Keeping from viewers what jobs hold."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from steve.core.codec import decode, encode
from steve.core.errors import OptionError, PayloadError
from steve.core.text import safe_repr
from steve.monitor.problems import Refused
from steve.monitor.shapes.jobs import Content

Redact: TypeAlias = Literal["all"] | Callable[[str, Any], Any] | None
"""What is shown of a value in a job: all of it, nothing, or what a function makes of its type and
the value: None and "hidden" hide it."""

PREVIEW = 200
"""Characters of a payload that lists show."""

MOST_BYTES = 256 * 1024 * 1024
"""What a function may make of a value: PostgreSQL itself holds no more."""

_HIDDEN = "this monitor does not show what is in jobs"
_TOO_LARGE = "it is too large to be shown in part, as this monitor does"
_FAILED = "the function that says what may be shown of it has failed"
_DEEP = "it cannot be shown in part, as this monitor does: no Python can hold it"

logger = logging.getLogger("steve.monitor")


class Redaction:
    """What is shown of payloads, results and metadata."""

    def __init__(self, redact: Redact) -> None:
        if not (redact is None or redact == "all" or callable(redact)):
            raise OptionError(f"redact must be 'all' or a function, not {safe_repr(redact)}")
        self._redact: Redact = redact
        self._failed_for: set[str] = set()

    def check_search(self, path: str | None) -> None:
        """Raise `Refused` for a search in payloads, whose answers would tell what is in them."""
        if path is not None and self._redact is not None:
            raise Refused(403, "this monitor does not search in payloads, as it does not show them")

    def content(self, type: str, text: str, size: int) -> Content:
        """What is shown of some JSON, of which `text` may be the beginning only."""
        cut = len(text.encode()) < size
        if self._redact is None:
            return Content(text, size, cut)
        shown, hidden = (None, _TOO_LARGE) if cut else self._shown(type, text)
        if shown is None:
            return Content("", 0, hidden=_HIDDEN if self._redact == "all" else hidden)
        return Content(shown, len(shown.encode()))

    def preview(self, type: str, text: str) -> str:
        """What is shown of the beginning of a payload; of a redacted one nothing unless it is
        short, as a part of it cannot be judged."""
        if self._redact is None:
            return text
        if not text or len(text) >= PREVIEW:
            return ""
        return (self._shown(type, text)[0] or "")[:PREVIEW]

    def whole(self, type: str, text: str) -> str:
        """What is shown of complete JSON. Raises `Refused` if nothing is."""
        if self._redact is None:
            return text
        shown, hidden = self._shown(type, text)
        if shown is None:
            raise Refused(403, hidden)
        return shown

    def _shown(self, type: str, text: str) -> tuple[str | None, str]:
        if not callable(self._redact):
            return None, _HIDDEN
        try:
            value = decode(text)
        except (PayloadError, RecursionError):
            return None, _DEEP
        try:
            kept = self._redact(type, value)
            if kept is None or kept == "hidden":
                return None, _HIDDEN
            return encode(kept, limit=MOST_BYTES, what="value").decode(), ""
        except Exception:
            # Once for each type: the same jobs are looked at again every second.
            if type not in self._failed_for:
                self._failed_for.add(type)
                logger.exception("the monitor's redact function failed for a job of type %r", type)
            return None, _FAILED
