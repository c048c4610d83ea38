"""A pane: rows under a heading, of which one is selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from rich.console import Console
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

_CONSOLE = Console()
"""Knows what the names of styles mean; nothing is written to it."""

_GAP = 2
_LEAST = 10
"""Columns that a name gets at least; what is to its right may fall off a narrow terminal."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. One of width 0 gets so many shares of what the others leave over; one that is
    `wide` is left out where the pane is narrower than that."""

    name: str
    width: int = 0
    right: bool = False
    wide: int = 0
    shares: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row: a cell for each column, and what the row is about."""

    key: object
    cells: Sequence[Text | str]
    subject: object = field(default=None, compare=False)


class Pane(Widget, can_focus=True):
    """Shows rows. What somebody has selected stays so, wherever it moves; until then, and again
    after Home, the first row is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)"),
        Binding("down,j", "move(1)"),
        Binding("pageup", "page(-1)"),
        Binding("pagedown", "page(1)"),
        Binding("home,g", "top"),
        Binding("end,G", "move(1000000)"),
    ]

    def __init__(self, id: str, columns: Sequence[Column], empty: str) -> None:
        super().__init__(id=id)
        self.title = ""
        self._columns = columns
        self._empty = empty
        self._rows: Sequence[Row] = ()
        self._place = 0
        self._chosen = False
        self._first = 0

    @property
    def selected(self) -> Row | None:
        """The row that keys act on."""
        return self._rows[self._place] if self._rows else None

    def show(
        self, rows: Sequence[Row], title: str, columns: Sequence[Column] | None = None
    ) -> None:
        """Show these rows from now on, in other columns if these are given."""
        self._columns = columns or self._columns
        chosen = self.selected
        resized = len(rows) != len(self._rows)
        self._rows, self.title = rows, title
        keys = [row.key for row in rows]
        if self._chosen and chosen is not None and chosen.key in keys:
            self._place = keys.index(chosen.key)
        self._place = max(0, min(self._place, len(rows) - 1))
        self.refresh(layout=resized)

    def action_move(self, by: int) -> None:
        """Select another row."""
        self._chosen = True
        self._place = max(0, min(self._place + by, len(self._rows) - 1))
        self.refresh()

    def action_top(self) -> None:
        """Select the first row, whichever that is."""
        self._place, self._chosen = 0, False
        self.refresh()

    def action_page(self, by: int) -> None:
        """Select a row a page away."""
        self.action_move(by * max(1, self.size.height - 1))

    def on_click(self, event: events.Click) -> None:
        """Select what was clicked at."""
        if event.y > 0:
            self.action_move(self._first + event.y - 1 - self._place)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Ask for a line for each row, and one for the heading."""
        return 1 + max(1, len(self._rows))

    def render_line(self, y: int) -> Strip:
        """Draw a line: the heading, or one of the rows around the selected one."""
        width, room = self.size.width, max(1, self.size.height - 1)
        self._first = max(0, min(self._first, self._place, len(self._rows) - room))
        self._first = max(self._first, self._place - room + 1)
        place = self._first + y - 1
        if y == 0:
            line = self._heading(self._widths(width))
        elif place < len(self._rows):
            row = self._rows[place]
            line = self._line(row.cells, self._widths(width))
            if place == self._place and self.has_focus:
                line = Text.assemble((f"{line.plain:<{width}}", "reverse"))
        else:
            line = Text.assemble((f"   {self._empty}" if y == 1 else "", "dim"))
        line.truncate(width, pad=True)
        return Strip(line.render(_CONSOLE), width)

    def _heading(self, widths: Sequence[int]) -> Text:
        names: list[Text | str] = [Text(column.name, "dim") for column in self._columns]
        style = "bold cyan" if self.has_focus else "bold"
        line = self._line(names, widths)
        title = Text(f"{'▸' if self.has_focus else ' '}{self.title} ", style)
        # The first column has no name: the title stands there, and may reach beyond it.
        return Text.assemble(title, line[title.cell_len :])

    def _line(self, cells: Sequence[Text | str], widths: Sequence[int]) -> Text:
        line = Text(" ")
        for column, cell, width in zip(self._columns, cells, widths, strict=True):
            if width == 0:
                continue
            text = Text(cell) if isinstance(cell, str) else cell.copy()
            text.truncate(width, overflow="ellipsis")
            text.align("right" if column.right else "left", width)
            line.append_text(text).append(" " * _GAP)
        return line

    def _widths(self, total: int) -> list[int]:
        """Return how wide the columns are now: 0 for one that is left out."""
        shown = [column for column in self._columns if column.wide <= total]
        fixed = sum(column.width for column in shown) + _GAP * (len(shown) - 1) + 2
        left, shares = max(0, total - fixed), sum(c.shares for c in shown if not c.width)
        widths: list[int] = []
        for column in self._columns:
            width = column.width if column.wide <= total else 0
            if column.width == 0 and column.wide <= total:
                width = max(_LEAST, left * column.shares // shares)
                left, shares = left - width, shares - column.shares
            widths.append(width)
        return widths
