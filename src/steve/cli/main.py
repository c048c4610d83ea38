"""The entry point: the group of all commands, and what becomes of errors."""

from __future__ import annotations

import importlib
import os
import sys
from typing import NoReturn

import click

_COMMANDS = {
    "bench": "bench.command:bench",
    "cancel": "control:cancel",
    "completion": "completion:completion",
    "create": "create:create",
    "delete": "control:delete",
    "demo": "demo.command:demo",
    "doctor": "doctor:doctor",
    "health": "health:health",
    "list": "look:list_jobs",
    "migrate": "migrate:migrate",
    "monitor": "monitor:monitor",
    "queue": "queue:queue",
    "retry": "control:retry",
    "show": "look:show",
    "top": "top.command:top",
    "wait": "wait:wait",
    "worker": "worker.command:worker",
}
"""Where each command lives, below `steve.cli`."""

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class Commands(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        return getattr(importlib.import_module(f"steve.cli.{module}"), name)


def _print_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from importlib.metadata import version

    from steve.sql.loader import migrations

    newest = migrations("steve")[-1].version
    click.echo(f"steve {version('pg-steve')} (schema version {newest})")
    context.exit()


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 it did not work, 2 bad input, 3 `wait` ran out of time, "
    "10 and above what `doctor` has found. "
    "Tab completion: see `steve completion --help`.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version of the package and of its schema, and exit.",
)
def cli() -> None:
    """A job queue in your PostgreSQL database.

    Start with `steve demo`, which needs nothing, or with `steve worker yourmodule:jobs`.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: list[str] | None) -> int:
    try:
        code = cli.main(arguments, prog_name="steve", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Who read our output wants no more of it, as `| head` does. Python flushes it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except Exception as error:
        return _report(error)
    return code if isinstance(code, int) else 0


def _report(error: Exception) -> int:
    """Say an expected error in one line; others are bugs, and keep their traceback."""
    import psycopg

    from steve.core.errors import OptionError, OptionTypeError, PayloadError, SteveError

    if isinstance(error, SteveError):
        _complain(str(error))
        wrong = isinstance(error, OptionError | OptionTypeError | PayloadError)
        return EXIT_USAGE if wrong else EXIT_FAILED
    if isinstance(error, psycopg.Error):
        from steve.cli.trouble import sentence

        _complain(sentence(error))
        return EXIT_FAILED
    raise error


def _complain(message: str) -> None:
    click.echo(f"Error: {message}", err=True)
