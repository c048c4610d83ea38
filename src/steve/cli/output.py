"""What commands print: JSON documents for programs, tables and lines for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress

STATUS_STYLES = {
    "pending": "bright_black",
    "blocked": "cyan",
    "running": "dark_orange",
    "completed": "green",
    "failed": "red",
    "cancelled": "magenta",
    "expired": "yellow",
}

_WIDE = 10_000
"""Columns of a table that goes to a file or a pipe: nothing is cut or wrapped there."""


def document(value: Any) -> None:
    """Print one JSON document: indented for a terminal, else on one line."""
    import msgspec

    encoded = msgspec.json.encode(value, enc_hook=str)
    if sys.stdout.isatty():
        encoded = msgspec.json.format(encoded, indent=2)
    click.echo(encoded.decode())


def json_line(value: Any) -> None:
    """Print one JSON document on a line of its own."""
    import msgspec

    click.echo(msgspec.json.encode(value, enc_hook=str).decode())


def note(text: str) -> None:
    """Tell people something on standard error, out of the way of the output."""
    click.echo(text, err=True)


def shown(value: object) -> str:
    """Return text from the database without what could steer a terminal."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in str(value)
    )


def console(*, stderr: bool = False) -> Console:
    """Return a console for tables. It has colours and a width where there is a terminal."""
    from rich.console import Console

    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, width=None if terminal else _WIDE)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    styles: Iterable[str | None] = (),
    numbers: Iterable[str] = (),
    least: Mapping[str, int] | None = None,
    title: str | None = None,
) -> RenderableType:
    """Make a table.

    `styles` are those of the rows; columns in `numbers` are aligned to the right, those in
    `least` are never narrower than that, however narrow the terminal is.
    """
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    aligned = frozenset(numbers)
    for name in columns:
        made.add_column(
            name,
            justify="right" if name in aligned else "left",
            no_wrap=True,
            overflow="ellipsis",
            min_width=(least or {}).get(name),
        )
    style_of_rows = iter(styles)
    for row in rows:
        made.add_row(*(Text(shown(cell)) for cell in row), style=next(style_of_rows, None))
    return made


def progress(*, transient: bool = True) -> Progress:
    """Return a progress bar on standard error. Where that is no terminal it shows nothing."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    screen = console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=screen,
        transient=transient,
        disable=not screen.is_terminal,
    )
