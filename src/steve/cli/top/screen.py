"""The panes on the screen, and what the keys do."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from steve.cli.looks import Seen, looks
from steve.cli.output import shown
from steve.cli.top import panes
from steve.cli.top.dialogs import Message, Question, help_text, job_text
from steve.cli.top.head import Head
from steve.cli.top.look import SHOWN, Filter, Looker, Picture
from steve.cli.trouble import Trouble, sentence
from steve.core.job import TERMINAL
from steve.operations.monitor_jobs import JobRow
from steve.operations.monitor_whole import QueueState

if TYPE_CHECKING:
    from steve.jobs.manager import Jobs

_SAID_FOR = 6.0
"""Seconds that it is said what a key has done."""

_FOOT = "p pause  r retry  c cancel  s status  / filter  ↵ more  ⇥ pane  ? help  q quit"


class Top(App[None]):
    """Looks at the database and shows what it found, until it is quit."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { overflow: hidden; }
    #head { height: 3; }
    #queues { height: auto; max-height: 35%; }
    #workers { height: auto; max-height: 20%; }
    #running { height: 2fr; min-height: 2; }
    #jobs { height: 3fr; min-height: 2; }
    #said { height: auto; max-height: 3; padding: 0 1; }
    #filter { height: 1; border: none; padding: 0 1; display: none; }
    #foot { height: 1; padding: 0 1; text-style: dim; }
    .-tall Pane { margin-top: 1; }
    Box { align: center middle; }
    .box { width: 90%; max-width: 110; height: auto; max-height: 90%; border: round; padding: 0 1; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit"),
        Binding("ctrl+c", "quit", priority=True),
        Binding("p", "pause"),
        Binding("r", "retry"),
        Binding("c", "cancel"),
        Binding("s", "status"),
        Binding("enter", "more"),
        Binding("slash", "filter"),
        Binding("escape", "clear"),
        Binding("question_mark", "help"),
        *(Binding(str(place), f"go({place - 1})") for place in range(1, 5)),
    ]

    def __init__(
        self, jobs: Jobs, looker: Looker, first: Picture, where: str, interval: float
    ) -> None:
        # The terminal's own sixteen colours: they are everywhere, and its owner can read them.
        super().__init__(ansi_color=True)
        self._jobs = jobs
        self._looker = looker
        self._first = first
        self._interval = interval
        self._head = Head(where, interval)
        self._panes = panes.made()
        self._wake = asyncio.Event()
        self._trouble: str | None = None
        self._said = ""
        self._line = Static(id="said", markup=False)
        self._wanted = Input(
            id="filter", compact=True, placeholder="type  queue:name  status:failed"
        )

    def compose(self) -> ComposeResult:
        """Put one below the other."""
        yield self._head
        yield from self._panes
        yield self._line
        yield self._wanted
        yield Static(_FOOT, id="foot", markup=False)

    def on_mount(self) -> None:
        """Begin."""
        self.theme = "ansi-dark"
        self._show(self._first)
        self._panes[3].focus()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)
        self._follow()

    @work
    async def _follow(self) -> None:
        async for seen in self._looks():
            self._trouble = seen.trouble
            if seen.found is not None:
                self._show(seen.found)
            self._tell()

    def _looks(self) -> AsyncGenerator[Seen[Picture], None]:
        return looks(self._looker.look, self._interval, wake=self._wake, patient=True)

    def _show(self, picture: Picture) -> None:
        self._head.tell(picture)
        panes.fill(self._panes, picture, self._looker.filter)

    def _tell(self) -> None:
        """Say in a line what is wrong, else what was done, else what is filtered."""
        chosen = str(self._looker.filter)
        filtered = f"only {chosen}   Esc shows all" if chosen else ""
        self._line.styles.color = "ansi_red" if self._trouble else "ansi_yellow"
        self._line.update(shown(self._trouble or self._said or filtered))

    def _say(self, text: str) -> None:
        def forget() -> None:
            if self._said == text:
                self._said = ""
                self._tell()

        self._said = text
        self._tell()
        self.set_timer(_SAID_FOR, forget)

    def _selected(self, *places: int) -> object:
        """Return what is selected in the pane that keys go to, if it is one of these."""
        for place in places:
            if self._panes[place].has_focus and (row := self._panes[place].selected):
                return row.subject
        return None

    def action_go(self, place: int) -> None:
        """Go to a pane."""
        self._panes[place].focus()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(Message(help_text()))

    def action_status(self) -> None:
        """Show jobs of another status."""
        now = self._looker.filter
        place = SHOWN.index(now.status) + 1 if now.status in SHOWN else 0
        self._narrow(Filter(now.type, now.queue, SHOWN[place % len(SHOWN)]))

    def action_filter(self) -> None:
        """Ask what is to be shown."""
        self._wanted.value = str(self._looker.filter)
        self._wanted.display = True
        self._wanted.focus()

    def action_clear(self) -> None:
        """Show all again."""
        if self._wanted.display:
            self._leave()
        else:
            self._narrow(Filter(status=self._looker.filter.status))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Show what was asked for."""
        try:
            wanted = Filter.read(event.value, self._looker.filter.status)
        except ValueError as error:
            self._say(str(error))
            return
        self._leave()
        self._narrow(wanted)

    def _leave(self) -> None:
        self._wanted.display = False
        self._panes[3].focus()

    def _narrow(self, wanted: Filter) -> None:
        self._looker.filter = wanted
        self._wake.set()
        self._tell()

    @work
    async def action_more(self) -> None:
        """Show a queue only, or everything about a job."""
        match self._selected(0, 2, 3):
            case QueueState(name=name):
                self._narrow(Filter(queue=name, status=self._looker.filter.status))
            case JobRow(uid=uid):
                job, attempts = await self._jobs.find(uid, with_attempts=True)
                if job is not None:
                    await self.push_screen(Message(job_text(job, attempts or [])))
            case _:
                self._say("Enter is for queues and jobs: Tab goes there")

    @work
    async def action_pause(self) -> None:
        """Pause the selected queue, or let it go on."""
        queue = self._selected(0)
        if not isinstance(queue, QueueState):
            self._say("p is for queues: Tab goes there")
            return
        try:
            if queue.paused:
                await self._jobs.queues.resume(queue.name)
            else:
                await self._jobs.queues.pause(queue.name)
        except Trouble as error:
            self._say(sentence(error))
        else:
            self._say(f"queue {queue.name} {'goes on' if queue.paused else 'is paused'}")
            self._wake.set()

    @work
    async def action_retry(self) -> None:
        """Retry the selected job."""
        job = self._selected(2, 3)
        if not isinstance(job, JobRow):
            self._say("r is for jobs: Tab goes there")
            return
        try:
            changed = await self._jobs.retry(job.uid)
        except Trouble as error:
            self._say(sentence(error))
        else:
            self._done(job, "will run again" if changed else "cannot be retried: it is not over")

    @work
    async def action_cancel(self) -> None:
        """Cancel the selected job, if that is really wanted."""
        job = self._selected(2, 3)
        if not isinstance(job, JobRow):
            self._say("c is for jobs: Tab goes there")
            return
        if job.status in TERMINAL:
            self._say(f"{shown(job.type)} {job.uid} is {job.status} already")
            return
        if not await self.push_screen_wait(Question(f"Cancel {shown(job.type)} {job.uid}?")):
            return
        try:
            changed = await self._jobs.cancel(job.uid)
        except Trouble as error:
            self._say(sentence(error))
        else:
            self._done(job, "is cancelled, or told to stop" if changed else "is over already")

    def _done(self, job: JobRow, what: str) -> None:
        self._say(f"{job.type} {str(job.uid)[-8:]} {what}")
        self._wake.set()
