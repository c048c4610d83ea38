"""What is shown above the panes: a question, the keys, everything about a job."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from steve.cli.job_view import job_lines
from steve.cli.output import STATUS_STYLES, shown
from steve.core.job import Attempt, Job

KEYS = (
    ("Tab, 1 to 4", "go to the next pane, or to one of them"),
    ("↑ ↓, j k", "select a row; also Page Up, Page Down, Home, End"),
    ("Enter", "show one queue only, or everything about a job"),
    ("p", "pause or resume the selected queue"),
    ("r", "retry the selected job, if it is over"),
    ("c", "cancel the selected job; it asks first"),
    ("s", "below: failed, all, pending, completed, cancelled"),
    ("/", "filter by type, queue:name, status:expired"),
    ("Esc", "show everything again"),
    ("q, Ctrl-C", "quit"),
)


class Box(ModalScreen[bool]):
    """A box above the panes. Its answer is whether y was pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,n", "dismiss(False)"),
        Binding("ctrl+c", "app.quit", priority=True),
    ]

    def __init__(self, text: Text) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Put the text into a box that scrolls."""
        with VerticalScroll(classes="box"):
            yield Static(self._text)

    def on_mount(self) -> None:
        """Let the keys that scroll arrive where they are understood."""
        self.query_one(VerticalScroll).focus()


class Question(Box):
    """Asks before something is done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "dismiss(True)")]

    def __init__(self, question: str) -> None:
        super().__init__(Text.assemble((question, "bold"), "\n\n", ("y", "bold"), " yes   n no"))


class Message(Box):
    """Tells something, until a key is pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,question_mark", "dismiss(False)")]


def help_text() -> Text:
    """Write down the keys."""
    lines = [Text.assemble((f"{keys:<12}", "bold"), what) for keys, what in KEYS]
    return Text("\n").join(lines)


def job_text(job: Job, attempts: list[Attempt]) -> Text:
    """Write down everything about a job."""
    text = Text()
    for name, value in job_lines(job):
        style = STATUS_STYLES.get(value, "") if name == "status" else ""
        text.append(f"{name:<12}", "bold").append(f"{value}\n", style)
    for attempt in attempts:
        trace = (attempt.error_details or {}).get("traceback") or attempt.error_message
        if trace:
            text.append(f"\nattempt {attempt.attempt_number}\n", "bold")
            text.append("\n".join(shown(line) for line in str(trace).splitlines()) + "\n")
    return text
