"""The options that every command has, and the way from a command to a manager."""

from __future__ import annotations

import functools
import importlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

if TYPE_CHECKING:
    import asyncio

    from steve.jobs.manager import Jobs

T = TypeVar("T")

CONNECT_TIMEOUT = 5.0
"""Seconds until a database that does not answer is given up: somebody sits and waits."""

DEFAULT_SCHEMA = "steve"


@dataclass(frozen=True, slots=True)
class Common:
    """What the common options say. `db` and `schema` are None where they were not given."""

    db: str | None = field(repr=False)
    schema: str | None
    json: bool
    verbosity: int

    @property
    def chosen_schema(self) -> str:
        """The schema, or the usual one."""
        return DEFAULT_SCHEMA if self.schema is None else self.schema

    @asynccontextmanager
    async def jobs(
        self, *, migrate: Literal["auto", "check", "never"] = "check"
    ) -> AsyncGenerator[Jobs, None]:
        """Open a manager on the chosen database, for as long as the block runs."""
        from steve.jobs.manager import Jobs

        manager = Jobs(
            self.db,
            schema=self.chosen_schema,
            migrate=migrate,
            connect_timeout=CONNECT_TIMEOUT,
            handle_signals=False,
        )
        async with manager:
            yield manager


DB_HELP = (
    "Database, such as postgresql://user@host/name. Without it: STEVE_DATABASE_URL, DATABASE_URL, "
    "the embedded PostgreSQL."
)
SCHEMA_HELP = "Schema of the tables. [default: steve]"


def common(function: Callable[..., T]) -> Callable[..., T]:
    """Give a command --db, --schema, --json, -v and -q; it gets them as its first argument."""
    return common_but(DB_HELP, SCHEMA_HELP)(function)


def common_but(db_help: str, schema_help: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Do as `common` does, for a command that takes another database unless it is told."""
    return lambda function: _common(function, db_help, schema_help)


def _common(function: Callable[..., T], db_help: str, schema_help: str) -> Callable[..., T]:

    @click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
    @functools.wraps(function)
    def command(common: Common, as_json: bool, **others: Any) -> T:
        from steve.cli import logs

        logs.set_up(common.verbosity)
        return function(replace(common, json=as_json), **others)

    return _database_and_logs(command, db_help, schema_help)


def database_and_logs(function: Callable[..., T]) -> Callable[..., T]:
    """Give a command --db, --schema, -v and -q only; it sets up its logging itself."""
    return _database_and_logs(function, DB_HELP, SCHEMA_HELP)


def _database_and_logs(
    function: Callable[..., T], db_help: str, schema_help: str
) -> Callable[..., T]:
    @click.option("--db", metavar="DSN", help=db_help)
    @click.option("--schema", metavar="NAME", help=schema_help)
    @click.option("-v", "--verbose", count=True, help="More log lines; -vv even more.")
    @click.option("-q", "--quiet", count=True, help="Fewer log lines; -qq even fewer.")
    @functools.wraps(function)
    def command(db: str | None, schema: str | None, verbose: int, quiet: int, **others: Any) -> T:
        return function(Common(db, schema, False, verbose - quiet), **others)

    return command


def run(main: Coroutine[Any, Any, T], *, fast: bool = False) -> T:
    """Run a command's coroutine to its end, if `fast` on uvloop where that is installed.

    Raises `click.Abort` when it was cancelled.
    """
    import asyncio

    try:
        with asyncio.Runner(loop_factory=_fast_loop() if fast else None) as runner:
            return runner.run(main)
    except asyncio.CancelledError:
        raise click.Abort from None


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        return importlib.import_module("uvloop").new_event_loop
    except ImportError:
        return None
