"""Errors of the database in a sentence, for commands that outlive them."""

from __future__ import annotations

import psycopg

from steve.core.errors import SteveError

Trouble = (SteveError, psycopg.Error, OSError)
"""What a look at the database may raise."""


def sentence(error: BaseException) -> str:
    """Say what went wrong, on one line."""
    if isinstance(error, psycopg.Error):
        detail = error.diag.message_primary or str(error).strip() or type(error).__name__
        state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
        text = f"the database refused: {detail}{state}"
    else:
        text = str(error) or type(error).__name__
    return " ".join(text.split())
