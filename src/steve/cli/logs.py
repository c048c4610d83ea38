"""Log lines on standard error, as many as the user asked for."""

from __future__ import annotations

import logging
import sys
from typing import Any

INFO = logging.INFO
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_LEVELS = (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
_CHATTY = ("asyncio", "psycopg")


class _StandardError(logging.StreamHandler[Any]):
    """Writes to what sys.stderr is at the moment: a live table replaces it, to stay below."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return sys.stderr


def set_up(verbosity: int, usual: int = logging.WARNING) -> None:
    """Write log lines to standard error: `usual` level, moved by `verbosity` steps.

    Does nothing where the program has set up its logging itself.
    """
    root = logging.getLogger()
    if root.handlers:
        return
    place = max(0, min(_LEVELS.index(usual) + verbosity, len(_LEVELS) - 1))
    level = _LEVELS[place]
    handler = _StandardError()
    handler.setFormatter(logging.Formatter(_FORMAT))
    root.addHandler(handler)
    root.setLevel(level)
    for name in _CHATTY:
        # They warn of what steve reports itself, in its own words and not as often.
        least = logging.WARNING if verbosity > 0 else logging.ERROR
        logging.getLogger(name).setLevel(max(level, least))
