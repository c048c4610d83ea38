"""The SQL of steve, one statement a file, and the loader that fits it to a schema."""

from __future__ import annotations

from steve.sql.loader import Migration, Statement, migrations, quoted, statement

__all__ = ["Migration", "Statement", "migrations", "quoted", "statement"]
