"""The database's errors in steve's words, where it has any."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from steve.core.errors import SchemaMissing
from steve.database.errors import is_schema_missing


@contextmanager
def explained(schema: str) -> Generator[None, None, None]:
    """Raise `SchemaMissing` in place of the error for a table that does not exist."""
    try:
        yield
    except psycopg.Error as error:
        if not is_schema_missing(error):
            raise
        raise SchemaMissing(
            f"schema {schema!r} is gone, or was never installed in this database "
            f"({error.diag.message_primary}): run `steve migrate`"
        ) from error
