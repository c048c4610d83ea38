"""The lines at the top: the whole in figures, and its course in the last minutes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widget import Widget

from steve.cli.output import shown
from steve.cli.top.look import Picture
from steve.cli.top.panes import rate, short

if TYPE_CHECKING:
    from rich.console import RenderableType

_LEVELS = "▁▂▃▄▅▆▇█"
_KEPT = 200
_NARROW = 16
"""Columns of the course of rates in a terminal of 80 columns; wider ones have more."""


class Head(Widget):
    """Shows where we are, what there is and how fast it goes."""

    def __init__(self, where: str, interval: float) -> None:
        super().__init__(id="head")
        self._where = where
        self._interval = interval
        self._picture: Picture | None = None
        self._completed: deque[float] = deque(maxlen=_KEPT)
        self._failed: deque[float] = deque(maxlen=_KEPT)

    def tell(self, picture: Picture) -> None:
        """Show what was found last."""
        self._picture = picture
        self._completed.append(picture.completed_rate)
        self._failed.append(picture.failed_rate)
        self.refresh()

    def render(self) -> RenderableType:
        """Draw three lines."""
        picture = self._picture
        if picture is None:
            return Text()
        width = self.size.width
        lines = [self._first(picture, width), _counts(picture), self._rates(picture, width)]
        for line in lines:
            line.truncate(width, overflow="ellipsis", pad=True)
        return Text("\n", no_wrap=True, end="").join(lines)

    def _first(self, picture: Picture, width: int) -> Text:
        left = Text.assemble((" steve top", "bold"), "  ", (shown(self._where), "dim"))
        right = Text(f"{picture.now.astimezone():%H:%M:%S} ", "dim")
        left.truncate(max(0, width - right.cell_len - 1), overflow="ellipsis", pad=True)
        return left + Text(" ") + right

    def _rates(self, picture: Picture, width: int) -> Text:
        length = _NARROW + max(0, width - 80) // 3
        return Text.assemble(
            " completed ", (f"{rate(picture.completed_rate):>6}/s ", "bold"),
            (course(self._completed, length), "green"),
            "  failed ", (f"{rate(picture.failed_rate):>6}/s ", "bold"),
            (course(self._failed, length), "red"),
        )  # fmt: skip


def _counts(picture: Picture) -> Text:
    ready = sum(queue.ready for queue in picture.queues)
    scheduled = sum(queue.scheduled for queue in picture.queues)
    running = sum(queue.running for queue in picture.queues)
    slots = sum(state.worker.concurrency for state in picture.workers)
    waits = [queue.oldest_ready for queue in picture.queues if queue.oldest_ready is not None]
    return Text.assemble(
        " ready ", (f"{ready:,}", "bold"), "   scheduled ", (f"{scheduled:,}", "bold"),
        "   running ", (f"{running:,}", "bold"), "   slots ", (f"{slots:,}", "bold"),
        "   oldest ready ", (short(max(waits)) if waits else "none", "bold"),
    )  # fmt: skip


def course(values: deque[float], length: int) -> str:
    """Draw the last values as a line of small bars, the highest of them as high as can be."""
    last = list(values)[-length:]
    most = max(last, default=0.0)
    if most <= 0:
        return ("▁" * len(last)).ljust(length)
    steps = len(_LEVELS) - 1
    return "".join(_LEVELS[round(value / most * steps)] for value in last).ljust(length)
