"""A terminal of 80 by 24 for a command, and what somebody sees who sits before it."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pyte

from support.waiting import eventually

if TYPE_CHECKING:
    from support.command import Steve

_UNKNOWN = re.compile(rb"\x1b\[[<=>][\d;]*[a-z]")
"""Requests to terminals that are newer than the emulator, which would show them as text."""

_UNFINISHED = re.compile(rb"\x1b(\[[<=>?\d;]*)?$")


class Terminal:
    """A command on a terminal of its own."""

    def __init__(
        self, process: subprocess.Popen[bytes], master: int, rows: int, columns: int
    ) -> None:
        self.process = process
        self._master = master
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def lines(self) -> list[str]:
        """What is on the screen."""
        with self._lock:
            return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def cursor_hidden(self) -> bool:
        with self._lock:
            return self._screen.cursor.hidden

    def colours(self, word: str) -> set[str]:
        """The colours in which a word is written on the screen."""
        with self._lock:
            found: set[str] = set()
            for number, line in enumerate(self._screen.display):
                start = line.find(word)
                if start >= 0:
                    row = self._screen.buffer[number]
                    found |= {row[start + offset].fg for offset in range(len(word))}
            return found

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def shows(self, *texts: str, within: float = 20) -> str:
        """Wait until all of these are on the screen at once; return what is on it."""

        def look() -> str | None:
            text = self.text
            return text if all(wanted in text for wanted in texts) else None

        try:
            return eventually(look, within)
        except AssertionError:
            raise AssertionError(f"{texts} never came; the screen:\n{self.text}") from None

    def hides(self, text: str, within: float = 20) -> None:
        """Wait until this is no longer on the screen."""
        try:
            eventually(lambda: text not in self.text, within)
        except AssertionError:
            raise AssertionError(f"{text!r} has stayed; the screen:\n{self.text}") from None

    def ends(self, within: float = 20) -> int:
        """Wait for the command's end; everything it wrote is on the screen then."""
        code = self.process.wait(within)
        self._reader.join(5)
        return code

    def _read(self) -> None:
        rest = b""
        with suppress(OSError):  # how the end looks on Linux
            while data := os.read(self._master, 65_536):
                rest += data
                unfinished = _UNFINISHED.search(rest)
                end = unfinished.start() if unfinished else len(rest)
                with self._lock:
                    self._stream.feed(_UNKNOWN.sub(b"", rest[:end]))
                rest = rest[end:]


@contextmanager
def terminal(
    steve: Steve,
    *arguments: str,
    rows: int = 24,
    columns: int = 80,
    env: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """Run a command of steve on a terminal; it is ended with the block."""
    usual = {key: value for key, value in steve.environment.items() if key != "COLUMNS"}
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "steve", *arguments],
        cwd=steve.folder,
        env={**usual, "TERM": "xterm-256color", "COLORTERM": "", **(env or {})},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(slave)
    try:
        yield Terminal(process, master, rows, columns)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(master)


def _take_terminal() -> None:
    """Let the keys of this terminal, such as Ctrl-C, reach the command."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
